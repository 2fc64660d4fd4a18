import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readRuntimePid } from "../../scripts/local/lock.ts";
import { startServer } from "../../scripts/local/server.ts";
import { ROOT } from "../sources.ts";
import { freePort, startScript, startTestServer } from "./server.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-start-"));
  folders.push(folder);
  return folder;
}

describe("npm start -- --once", () => {
  it("prints every node as it starts and ends, then the answer, then what it cost, and succeeds", async () => {
    const state = newFolder();
    const script = startScript(["--once"], { EDGEWISE_STATE: state, PORT: "0" });
    expect(await script.ended, script.output()).toBe(0);
    const output = script.output();
    for (const node of ["outline", "facts", "questions", "brief"]) {
      expect(output).toMatch(new RegExp(`▸ ${node} +started`));
      expect(output).toMatch(new RegExp(`✓ ${node} +done in`));
    }
    expect(output.indexOf("✓ facts")).toBeLessThan(output.indexOf("▸ brief"));
    expect(output).toMatch(/model +builtin\/extractive/);
    expect(output).toMatch(/\d+ nodes in .* · [\d,]+ words in, [\d,]+ out · \$0\n/);
  });

  it("says where and why a run failed, and does not succeed", async () => {
    const environment = { EDGEWISE_STATE: newFolder(), PORT: "0", EDGEWISE_MODEL: "openai/gpt-of-nobody" };
    const script = startScript(["--once"], environment);
    expect(await script.ended, script.output()).toBe(1);
    expect(script.output()).toMatch(/✗ outline +failed after .*set OPENAI_API_KEY/);
    expect(script.output()).toMatch(/^The run ended as error at node \w+, attempt 1: .*set OPENAI_API_KEY/m);
  });

  it("shows the key once, and keeps it where only its owner reads it", async () => {
    const state = newFolder();
    const first = startScript(["--once", "--no-job"], { EDGEWISE_STATE: state, PORT: "0" });
    expect(await first.ended, first.output()).toBe(0);
    const key = readFileSync(join(state, "key"), "utf8").trim();
    expect(first.output()).toContain(key);
    expect(statSync(join(state, "key")).mode & 0o777).toBe(0o600);
    const second = startScript(["--once", "--no-job"], { EDGEWISE_STATE: state, PORT: "0" });
    expect(await second.ended, second.output()).toBe(0);
    expect(second.output()).not.toContain(key);
  });
});

describe("npm start", () => {
  it("stops at Ctrl-C with exit code 0, leaves no process, and its three commands have worked as printed", async () => {
    const state = newFolder();
    const script = startScript([], { EDGEWISE_STATE: state, PORT: String(await freePort()) });
    await script.says(/Ctrl-C stops it/);
    const commands = script.output().match(/^curl .*$/gm) ?? [];
    expect(commands).toHaveLength(3);
    const [waited, followed, profile] = commands.map((command) =>
      execFileSync("sh", ["-c", command], { encoding: "utf8" }),
    );
    expect(JSON.parse(waited ?? "")).toHaveProperty("answer");
    expect(followed).toMatch(/^event: metadata$[\s\S]*^event: messages$[\s\S]*^event: updates$/m);
    expect((JSON.parse(profile ?? "") as { tasks: unknown[] }).tasks.length).toBeGreaterThan(3);

    const runtime = JSON.parse(readFileSync(join(state, "server.json"), "utf8")) as { runtime: { pid: number } };
    script.signal("SIGINT");
    expect(await script.ended).toBe(0);
    expect(() => process.kill(runtime.runtime.pid, 0)).toThrow();
  });

  it("stops in the middle of the job as quietly as at any other time", async () => {
    const script = startScript([], { EDGEWISE_STATE: newFolder(), PORT: "0" });
    await script.says(/Running examples/);
    script.signal("SIGINT");
    expect(await script.ended, script.output()).toBe(0);
    expect(script.output()).toMatch(/Stopping\.\n$/);
  });

  it("stops quietly when nobody reads on", () => {
    const command = `"$NODE" scripts/start.mjs --once | head -n 1`;
    const { PATH, HOME } = process.env;
    const settings = { EDGEWISE_MODEL: "builtin/extractive", EDGEWISE_STATE: newFolder(), PORT: "0" };
    const env = { PATH, HOME, NODE: process.execPath, ...settings };
    const { stdout, stderr } = spawnSync("sh", ["-c", command], { cwd: ROOT, env, encoding: "utf8" });
    expect(stdout).toMatch(/^Edgewise ready at .*\n$/);
    expect(stderr).toBe("");
  });

  it("goes on sweeping when its runtime has died and was replaced", async () => {
    const state = newFolder();
    const server = await startServer({ root: ROOT, state, port: 0, variables: {}, onLog: () => {}, note: () => {} });
    const runtime = readRuntimePid(state);
    await server.scheduled("* * * * *");
    process.kill(runtime ?? 0, "SIGKILL");
    await vi.waitUntil(() => readRuntimePid(state) !== runtime, { timeout: 20_000, interval: 50 });
    await vi.waitFor(() => server.scheduled("* * * * *"), { timeout: 20_000, interval: 100 });
    await server.stop();
  });

  it("still has the runs of the start before", async () => {
    const server = await startTestServer();
    const headers = { "x-api-key": server.key, "content-type": "application/json" };
    const body = JSON.stringify({
      assistant_id: "hello",
      input: { text: "Sheep eat grass.", question: "What do sheep eat?" },
    });
    const thread = (await (await fetch(`${server.url}/threads`, { method: "POST", headers, body: "{}" })).json()) as {
      thread_id: string;
    };
    const wait = await fetch(`${server.url}/threads/${thread.thread_id}/runs/wait`, { method: "POST", headers, body });
    const values = await wait.json();
    expect(await server.stop()).toBe(0);
    await server.start();
    const state = await fetch(`${server.url}/threads/${thread.thread_id}/state`, { headers });
    expect(await state.json()).toMatchObject({ values });
    await server.remove();
  });

  it("with EDGEWISE_OPEN=1 needs no key on this machine, says so loudly, and still refuses other sites", async () => {
    const port = String(await freePort());
    const script = startScript(["--no-job"], { EDGEWISE_STATE: newFolder(), PORT: port, EDGEWISE_OPEN: "1" });
    await script.says(/OPEN .*anybody on this machine may use this server, without a key/);
    const graphs = `http://127.0.0.1:${port}/graphs`;
    expect((await fetch(graphs)).status).toBe(200);
    expect((await fetch(graphs, { headers: { origin: "https://example.com" } })).status).toBe(403);
    script.signal("SIGINT");
    expect(await script.ended).toBe(0);
  });

  it("ends a runtime that a killed server left behind, and says so", async () => {
    const state = newFolder();
    const port = String(await freePort());
    const first = startScript(["--no-job"], { EDGEWISE_STATE: state, PORT: port });
    await first.says(/ready at/);
    const holder = JSON.parse(readFileSync(join(state, "server.json"), "utf8")) as Record<string, { pid: number }>;
    process.kill(holder["server"]?.pid ?? 0, "SIGKILL");
    const second = startScript(["--no-job"], { EDGEWISE_STATE: state, PORT: port });
    await second.says(/ready at/);
    expect(second.output()).toContain(`process ${holder["runtime"]?.pid}) was still running; ended it`);
    second.signal("SIGINT");
    expect(await second.ended).toBe(0);
    first.signal("SIGKILL");
  });
});

describe("what cannot start says why in one sentence and what to do", () => {
  async function refusal(arguments_: readonly string[], environment: Record<string, string>): Promise<string> {
    const script = startScript(arguments_, { PORT: "0", ...environment });
    expect(await script.ended, script.output()).toBe(1);
    expect(script.output()).not.toMatch(/^ +at /m);
    return script.output();
  }

  it("a port in use", async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port));
    });
    const said = await refusal([], { EDGEWISE_STATE: newFolder(), PORT: String(port) });
    taken.close();
    expect(said).toContain(`Port ${port} is in use by another program. Choose another: PORT=${port + 1} npm start`);
  });

  it("a port that is none, a switch that is none, an option that is none", async () => {
    expect(await refusal([], { PORT: "80x" })).toContain('PORT is "80x"; it should be a number from 0 to 65535');
    expect(await refusal([], { EDGEWISE_OPEN: "yes" })).toContain('EDGEWISE_OPEN is "yes"; set it to 1');
    expect(await refusal(["--onse"], {})).toContain("Unknown option '--onse'");
  });

  it("a state folder that is a file", async () => {
    const file = join(newFolder(), "state");
    writeFileSync(file, "");
    expect(await refusal([], { EDGEWISE_STATE: file })).toContain(`${file} is a file, not a folder`);
  });

  it("a state folder whose databases are broken", async () => {
    const state = newFolder();
    const first = startScript(["--once", "--no-job"], { EDGEWISE_STATE: state, PORT: "0" });
    expect(await first.ended, first.output()).toBe(0);
    const databases = join(state, "v3/d1/miniflare-D1DatabaseObject");
    for (const name of readdirSync(databases)) writeFileSync(join(databases, name), "not a database at all");
    const said = await refusal([], { EDGEWISE_STATE: state });
    expect(said).toContain(`The database in the state folder ${state} does not open`);
    expect(said).toContain(`mv ${state} ${state}.broken && npm start`);
  });

  it("a key that is not one of the state folder's", async () => {
    const state = newFolder();
    const first = startScript(["--once", "--no-job"], { EDGEWISE_STATE: state, PORT: "0" });
    expect(await first.ended, first.output()).toBe(0);
    const path = join(state, "key");
    writeFileSync(path, "not a key");
    expect(await refusal([], { EDGEWISE_STATE: state })).toContain(`The key in ${path} is not, or no longer, one of`);
    rmSync(path);
    const again = startScript(["--once", "--no-job"], { EDGEWISE_STATE: state, PORT: "0" });
    expect(await again.ended, again.output()).toBe(0);
  });

  it("a state folder that another server has", async () => {
    const server = await startTestServer();
    const said = await refusal([], { EDGEWISE_STATE: server.state });
    await server.remove();
    expect(said).toContain(`at ${server.url}) is using ${server.state}`);
  });
});
