import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { median, milliseconds, timed } from "./measure.ts";
import { type Servers, startServers } from "./servers.ts";
import { storedBytes } from "./stored-bytes.ts";

const CHARACTERS = 200;
const COMMITS_PER_RUN = 2;

/** What the thread weighs and takes at one size. */
interface Point {
  readonly messages: number;
  readonly runMs: number;
  readonly bytes: number;
}

/** One thread grows from 10 to 10,000 messages: a run adds two and answers with the last. Time per run and bytes per commit stay. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const servers = await startServers();
  try {
    await servers.edgewise.json("POST", "/graphs", chat());
    const thread = crypto.randomUUID();
    const points: Point[] = [];
    let messages = 0;
    for (const until of short ? [40, 100, 400, 1000] : [40, 100, 1000, 5000, 10_000]) {
      const samples: number[] = [];
      for (; messages < until; messages += 2) samples.push(await timed(() => say(servers, thread, messages)));
      // The newest runs of this stretch: where it is as long as its end says.
      points.push({ messages, runMs: median(samples.slice(-60)), bytes: storedBytes(servers.edgewise.state, thread) });
    }
    return goals(points);
  } finally {
    await servers.stop();
  }
}

function goals(points: readonly Point[]): Goal[] {
  const [, small = { messages: 0, runMs: 0, bytes: 0 }] = points;
  const large = points.at(-1) ?? small;
  const middle = points.at(-2) ?? small;
  const perCommit = (from: Point, to: Point) =>
    (to.bytes - from.bytes) / (((to.messages - from.messages) / 2) * COMMITS_PER_RUN);
  const early = perCommit(points[0] ?? small, points[2] ?? small);
  const late = perCommit(middle, large);
  const time = large.runMs / small.runMs;
  return [
    {
      goal: `time of a run at ${large.messages} messages: at most 1.2 × that at ${small.messages}`,
      figure: `${time.toFixed(2)} × (${points.map((point) => `${point.messages}: ${milliseconds(point.runMs)}`).join(" · ")})`,
      met: time <= 1.2,
    },
    {
      goal: `bytes per commit, last stretch: at most 1.2 × the first (each message ${CHARACTERS} characters)`,
      figure: `${(late / early).toFixed(2)} × (${early.toFixed(0)} → ${late.toFixed(0)} bytes; ${(large.bytes / 1e6).toFixed(2)} MB in all)`,
      met: late <= 1.2 * early,
    },
  ];
}

function say(servers: Servers, thread: string, index: number): Promise<unknown> {
  const content = `${index} `.padEnd(CHARACTERS, "to and fro ");
  return servers.edgewise.json("POST", `/threads/${thread}/runs/wait`, {
    assistant_id: "chat",
    input: { messages: [{ role: "user", content }] },
    if_not_exists: "create",
  });
}

function chat(): object {
  const reply = "and so it went on ".repeat(20).slice(0, CHARACTERS);
  return {
    edgewise: 1,
    id: "chat",
    channels: { messages: { reducer: "messages" }, turns: { reducer: "sum", default: 0 } },
    output: ["turns"],
    nodes: {
      answer: {
        kind: "model",
        model: "builtin/scripted",
        prompt: "{{ state.turns }}",
        options: { script: { turns: [{ reply, chunk: CHARACTERS }] } },
        write: "messages",
      },
    },
    edges: [{ from: "start", to: "answer" }],
  };
}
