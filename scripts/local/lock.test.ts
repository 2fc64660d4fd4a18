import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { takeLock } from "./lock.ts";
import { identify, isAlive } from "./process-identity.ts";

let state = "";
const notes: string[] = [];
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "edgewise-lock-"));
  notes.length = 0;
});
afterEach(() => rmSync(state, { recursive: true, force: true }));
const take = () => takeLock(state, (line) => void notes.push(line));
const dead = { pid: 999_999_999, startedAt: "1" };

function sleeper(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore", env: environment });
  const found = identify(child.pid ?? 0);
  if (found === undefined) throw new Error("the child is not there");
  return { child, identity: found };
}

it("a living server's folder is refused, a released one is not", async () => {
  const lock = await take();
  lock.record({ url: "http://127.0.0.1:1" });
  await expect(take()).rejects.toThrow(
    `Another Edgewise (process ${process.pid} at http://127.0.0.1:1) is using ${state}`,
  );
  lock.release();
  await expect(take()).resolves.toBeDefined();
});

it("ends the runtime that a dead server left behind, by number and start time", async () => {
  const { identity } = sleeper();
  writeFileSync(join(state, "server.json"), JSON.stringify({ server: dead, runtime: identity }));
  await take();
  expect(isAlive(identity)).toBe(false);
  expect(notes).toEqual([expect.stringContaining(`process ${identity.pid}`)]);
});

it("never ends a process that merely has the same number", async () => {
  const { child, identity } = sleeper();
  writeFileSync(join(state, "server.json"), JSON.stringify({ server: dead, runtime: { ...identity, startedAt: "0" } }));
  writeFileSync(join(state, "runtime.pid"), String(identity.pid));
  await take();
  expect(isAlive(identity)).toBe(true);
  expect(notes).toEqual([]);
  child.kill("SIGKILL");
});

it.skipIf(!existsSync("/proc/self/environ"))("ends the runtime that replaced the one on record", async () => {
  const { identity } = sleeper({ EDGEWISE_RUNTIME_PID_FILE: join(state, "runtime.pid") });
  writeFileSync(join(state, "server.json"), JSON.stringify({ server: dead, runtime: dead }));
  writeFileSync(join(state, "runtime.pid"), String(identity.pid));
  await take();
  expect(isAlive(identity)).toBe(false);
});

it.runIf(process.platform === "linux")("takes a folder whose runtime is dead and not yet buried", async () => {
  // The child of a process that never asks for its end stays in the process table as a zombie. It outlives the shell, which would.
  const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  const [pid] = (await once(parent.stdout, "data")) as [Buffer];
  writeFileSync(join(state, "runtime.pid"), pid.toString());
  const stat = () => readFileSync(`/proc/${pid.toString().trim()}/stat`, "utf8");
  await vi.waitFor(() => expect(stat()).toContain(") Z "), { timeout: 5_000 });
  await expect(take()).resolves.toBeDefined();
  parent.kill("SIGKILL");
});

it("takes a folder whose record was torn", async () => {
  writeFileSync(join(state, "server.json"), '{"server":{"pi');
  await take();
  expect(JSON.parse(readFileSync(join(state, "server.json"), "utf8"))).toMatchObject({ server: { pid: process.pid } });
});
