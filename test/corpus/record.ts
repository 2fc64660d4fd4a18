import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { call } from "../e2e/api.ts";
import { startTestServer } from "../e2e/server.ts";
import { CORPUS, type KeptLog, readDatabase, storeOf } from "./kept-log.ts";
import { Replay } from "./replay.ts";
import { type Scene, Stage } from "./scenes.ts";

export const pathOf = (name: string): string => join(CORPUS, `${name}.json`);

/**
 * Plays scenes on a real server and keeps their logs.
 * @throws Error for a scene that is kept already: what was recorded is evidence of what that engine wrote, and stays
 */
export async function record(scenes: readonly Scene[], say: (line: string) => void): Promise<void> {
  const kept = scenes.filter(({ name }) => existsSync(pathOf(name)));
  if (kept.length > 0) {
    const names = kept.map(({ name }) => name).join(", ");
    throw new Error(`Recorded already, and never recorded anew: ${names}. Give a new scene a name of its own.`);
  }
  const server = await startTestServer();
  const stages: [Scene, Stage][] = [];
  try {
    for (const scene of scenes) {
      const { thread_id: threadId } = await call<{ thread_id: string }>(server, "POST", "/threads", {});
      const stage = new Stage(server, scene.name, threadId);
      await stage.publish(scene.graph);
      if (scene.play === undefined) await stage.wait();
      else await scene.play(stage);
      stages.push([scene, stage]);
      say(`${scene.name}: ${await stage.status()}`);
    }
    await server.stop();
    for (const [{ name }, { threadId }] of stages) {
      const log = readThread(server.state, threadId);
      const { store, disk } = storeOf(log);
      const about = {
        corpus: 1,
        scene: name,
        version: VERSION,
        recorded: new Date().toISOString().slice(0, 10),
      } as const;
      const file: KeptLog = { ...about, ...log, expected: new Replay(store).all() };
      disk.close();
      // `wx`: whatever happens, nothing that is there is written over.
      writeFileSync(pathOf(name), `${JSON.stringify(file, undefined, 1)}\n`, { flag: "wx" });
    }
  } finally {
    await server.remove();
  }
}

function readThread(state: string, threadId: string): Pick<KeptLog, "schema" | "rows"> {
  const folder = join(state, "v3/do");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"),
  );
  for (const name of files) {
    const log = readDatabase(join(folder, name), threadId);
    if (log !== undefined) return log;
  }
  throw new Error(`No database holds thread ${threadId}.`);
}
