import { isDeepStrictEqual } from "node:util";
import { randomUUID } from "node:crypto";
import { answerAll } from "./answers.ts";
import { follow } from "./follow.ts";
import { taskCounts } from "./frames.ts";
import type { Port } from "./port.ts";
import type { Happened, Program, Values } from "./programs/program.ts";
import type { Programs } from "./programs/programs.ts";
import type { Frame } from "./record.ts";

/** How a run ended: everything about it that must not depend on what happened to the server. */
export interface Ending {
  readonly status: string;
  readonly error: unknown;
  readonly usage: unknown;
  readonly result: unknown;
  /** What the thread holds; known of its last run only. */
  readonly state: unknown;
}

export interface RunAnswer {
  readonly status: string;
  readonly error: unknown;
  readonly usage: unknown;
  readonly updated_at: string;
}

/** Stands for the mark of a run that nobody disturbs. */
const CALM = "calmly";

/** How all programs end on a server that nobody disturbs, having ended as their models say. */
export class Endings {
  readonly #calm = new Map<string, string>();
  readonly #tasks = new Map<string, Readonly<Record<string, number>>>();

  /** Runs each program once. @throws when one does not end as its model says: then the proof could prove nothing */
  static async record(port: Port, programs: Programs, happened: Happened): Promise<Endings> {
    const endings = new Endings();
    const ended = programs.all.filter((program) => program.expected(CALM, 0) !== undefined);
    await Promise.all(ended.map((program) => endings.#play(port, program, happened)));
    return endings;
  }

  async #play(port: Port, program: Program, happened: Happened): Promise<void> {
    const threadId = randomUUID();
    const path = `/threads/${threadId}`;
    for (let n = 0; n < program.runs; n += 1) {
      const body = { assistant_id: program.id, input: program.input(CALM, n), if_not_exists: "create" };
      const { body: run } = await port.ask<{ run_id: string }>("POST", `${path}/runs`, { body });
      for (const signal of program.signals?.(CALM) ?? []) {
        await port.ask("POST", `${path}/runs/${run.run_id}/signals`, { body: signal });
      }
      const get = async <Body>(rest: string) => (await port.ask<Body>("GET", `${path}${rest}`)).body;
      const runId = run.run_id;
      if (program.answer !== undefined) {
        const chain = await answerAll(port, { threadId, runId, program, mark: CALM }, happened, () => true);
        const wrong = unlikeModel(await endingOf(get, chain.at(-1) ?? runId, true), program.expected(CALM, n));
        if (wrong !== undefined) throw new Error(`${program.id}, undisturbed: ${wrong}`);
        continue;
      }
      const ending = await endingOf(get, runId, true);
      const wrong = unlikeModel(ending, program.expected(CALM, n));
      if (wrong !== undefined) throw new Error(`${program.id}, undisturbed: ${wrong}`);
      this.#calm.set(`${program.id} ${n}`, JSON.stringify(ending));
      const replay: Frame[] = [];
      await follow(port, { threadId, runId: run.run_id }, replay);
      this.#tasks.set(program.id, taskCounts(replay));
    }
  }

  /** What tasks a run has, undisturbed. */
  tasksOf({ id }: Program): Readonly<Record<string, number>> {
    return this.#tasks.get(id) ?? {};
  }

  /** How a run with this mark ends, undisturbed. */
  of({ id }: Program, mark: string, n: number): Ending {
    return JSON.parse((this.#calm.get(`${id} ${n}`) ?? "null").replaceAll(CALM, mark)) as Ending;
  }
}

/** What the independent model says otherwise. */
export function unlikeModel({ status, error, result }: Ending, expected: Values | undefined): string | undefined {
  if (status !== "success") return `it is ${status}: ${short(error)}`;
  const found = (result ?? {}) as Values;
  const channel = Object.keys(expected ?? {}).find((name) => !isDeepStrictEqual(found[name], expected?.[name]));
  if (channel === undefined) return undefined;
  return `${channel} is ${short(found[channel])}, by the model ${short(expected?.[channel])}`;
}

const short = (value: unknown) => String(JSON.stringify(value)).slice(0, 400);

/** Reads how a run ended, by whatever can ask. `isLast`: of its thread. */
export async function endingOf(
  get: <Body>(path: string) => Promise<Body>,
  runId: string,
  isLast: boolean,
): Promise<Ending> {
  const result = withoutIds(await get(`/runs/${runId}/join`));
  const { status, error, usage } = await get<RunAnswer>(`/runs/${runId}`);
  const state = isLast ? withoutIds((await get<{ values: unknown }>("/state")).values) : undefined;
  return { status, error, usage, result, state };
}

export const getter =
  (port: Port, threadId: string) =>
  async <Body>(path: string): Promise<Body> =>
    (await port.ask<Body>("GET", `/threads/${threadId}${path}`)).body;

/** Where two endings differ; undefined when they do not. */
export function difference(expected: Ending, found: Ending): string | undefined {
  const fields = ["status", "error", "usage", "result", ...(found.state === undefined ? [] : ["state"])] as const;
  const field = (fields as readonly (keyof Ending)[]).find((name) => !isDeepStrictEqual(expected[name], found[name]));
  if (field === undefined) return undefined;
  return `${field} is ${short(found[field])}, undisturbed ${short(expected[field])}`;
}

/** Messages name the run and the attempt that made them; that alone may differ. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === "id" && typeof inner === "string" ? undefined : inner)),
  );
}
