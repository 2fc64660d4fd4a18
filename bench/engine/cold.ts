import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker } from "../../scripts/local/bundle.ts";
import { ROOT } from "../../scripts/local/repository.ts";
import type { Goal } from "../../scripts/goal.ts";
import { milliseconds } from "../measure.ts";
import { RAW_BINDINGS, startEdgewise, workerOptions } from "../servers.ts";
import { type Field, isThere } from "./field.ts";
import { boundGoal, notRunGoal, ratioGoal } from "./figures.ts";
import { chain } from "./graphs.ts";
import { PEERS } from "./peer.ts";
import { type Contender, medians, rounds } from "./rounds.ts";

/** A process, the line by which it says that its first result is there, and nothing else. */
const DONE = "done\n";
const MOST_MORE_MS = 100;

/** W7: from the start of a process to its first result, everything built before. P10. */
export async function measureCold(field: Field, short: boolean): Promise<Goal[]> {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
  try {
    const server = join(ROOT, "bench/engine/cold-server.ts");
    const [edgewise, raw] = [await describeEdgewise(join(folder, "edgewise")), await describeRaw(join(folder, "raw"))];
    const langgraph = await field.langgraph();
    const contenders: Record<string, Contender> = {
      ours: () => lifeOf([server, edgewise]),
      raw: () => lifeOf([server, raw]),
      ...(isThere(langgraph) && { langgraph: () => lifeOf([join(PEERS, "langgraph.mjs"), "--cold"]) }),
    };
    await rounds(1, contenders);
    const { ours = 0, raw: floor = 0, ...others } = medians(await rounds(short ? 2 : 9, contenders));
    const goal = "P10 W7 from a process's start to its first result";
    return [
      boundGoal(`${goal}: at most ${MOST_MORE_MS} ms more than cf:do`, {
        value: ours - floor,
        atMost: MOST_MORE_MS,
        figure: `${milliseconds(ours - floor)} (${milliseconds(ours)} beside ${milliseconds(floor)})`,
      }),
      isThere(langgraph)
        ? ratioGoal(goal, "langgraph:sqlite", { ours, other: others["langgraph"] ?? Number.NaN, atMost: 1.35 })
        : notRunGoal(goal, "langgraph:sqlite", langgraph),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds to its first result. @throws Error when there is none. */
function lifeOf(script: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, script, { stdio: ["ignore", "pipe", "inherit"] });
    let [took, said] = [Number.NaN, ""];
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      if (said === DONE) took = performance.now() - startedAt;
    });
    // The next one must not start while this one goes.
    child.on("exit", () => {
      if (Number.isNaN(took)) reject(new Error(`${script.join(" ")} said: ${said}`));
      else resolve(took);
    });
  });
}

/** A server as it is after `npm start`: its tables are made, a key and a graph are there, and then it was stopped. */
async function describeEdgewise(folder: string): Promise<string> {
  const { workerOptions: ofWrangler } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  const { modulesRules: _rules, ...worker } = ofWrangler;
  const before = await startEdgewise();
  await before.json("POST", "/graphs", chain(1));
  cpSync(before.state, folder, { recursive: true });
  const { key } = before;
  await before.stop();
  // As wrangler.toml has it deployed: half as much to read and compile.
  const bundle = await bundleWorker(join(ROOT, "src/worker.ts"), join(folder, "worker.js"), true);
  const options = {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    resourcePersistencePath: join(folder, "v3"),
    workers: [{ ...worker, name: "edgewise", modules: true, modulesRoot: folder, scriptPath: bundle.path }],
  };
  const headers = { "x-api-key": key, "content-type": "application/json" };
  const body = JSON.stringify({ assistant_id: "chain-1", input: {} });
  return describe(folder, { options, request: { path: "/runs/wait", headers, body } });
}

async function describeRaw(folder: string): Promise<string> {
  const options = await workerOptions("bench/raw/object.ts", folder, RAW_BINDINGS);
  const body = JSON.stringify({ object: "cold", chain: 1 });
  return describe(folder, { options, request: { path: "/", headers: {}, body } });
}

function describe(folder: string, server: object): string {
  const path = join(folder, "server.json");
  writeFileSync(path, JSON.stringify(server));
  return path;
}
