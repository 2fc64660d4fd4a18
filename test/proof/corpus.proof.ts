import { existsSync } from "node:fs";
import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { Stop } from "../../scripts/local/stop.ts";
import { keptLogs, storeOf } from "../corpus/kept-log.ts";
import { pathOf, record } from "../corpus/record.ts";
import { Replay } from "../corpus/replay.ts";
import { SCENES } from "../corpus/scenes.ts";

export const options = ["--record"];

/**
 * Logs of runs on a real server, recorded once and replayed for ever (property 11): this engine must make of them what the one
 * did that wrote them. `npm run proof -- corpus`; `--record [NAME …]` plays scenes that are not kept yet, and refuses all others.
 */
export async function run({ args }: EvidenceOptions): Promise<Goal[]> {
  if (args.includes("--record")) await recordNew(args.filter((argument) => !argument.startsWith("--")));
  const logs = keptLogs();
  let commits = 0;
  const differing = logs.filter((log) => {
    const { store, disk } = storeOf(log);
    const made = new Replay(store).all();
    disk.close();
    commits += made.reduce((sum, { commands }) => sum + commands.length, 0);
    return JSON.stringify(made) !== JSON.stringify(log.expected);
  });
  return [
    {
      goal: "recorded logs lead to the commands, restarts and values that they led to when they were written",
      figure: `${logs.length - differing.length} of ${logs.length}, ${commits} commits${differing.map(({ scene }) => `, not ${scene}`).join("")}`,
      met: logs.length > 0 && differing.length === 0,
    },
  ];
}

async function recordNew(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !SCENES.some((scene) => scene.name === name));
  if (unknown !== undefined) throw new Stop(`There is no scene "${unknown}" in test/corpus/scenes.ts.`);
  const wanted = SCENES.filter(({ name }) => (names.length === 0 ? !existsSync(pathOf(name)) : names.includes(name)));
  if (wanted.length === 0) throw new Stop("Every scene is recorded already.");
  try {
    await record(wanted, (line) => void process.stdout.write(`${line}\n`));
  } catch (thrown) {
    if (thrown instanceof Error && thrown.message.startsWith("Recorded already")) throw new Stop(thrown.message);
    throw thrown;
  }
}
