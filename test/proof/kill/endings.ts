import { isDeepStrictEqual } from "node:util";
import { randomUUID } from "node:crypto";
import { call } from "../../e2e/api.ts";
import type { TestServer } from "../../e2e/server.ts";
import { type GraphName, inputOf, LEDGER_RUNS, SCENES } from "./graphs.ts";
import type { Port } from "./port.ts";

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

const CALM = "calmly";

/** The ends of all graphs on a server that nobody disturbs. */
export class Endings {
  readonly #calm = new Map<string, string>();

  /** Runs each graph once, and one thread of the ledger to its end. */
  static async record(server: TestServer): Promise<Endings> {
    const endings = new Endings();
    const run = async (graph: GraphName, n: number, threadId: string) => {
      const body = { assistant_id: graph, input: inputOf(graph, CALM, n), if_not_exists: "create" };
      const { run_id: runId } = await call<{ run_id: string }>(server, "POST", `/threads/${threadId}/runs`, body);
      const get = <Body>(path: string) => call<Body>(server, "GET", `/threads/${threadId}${path}`);
      endings.#keep(graph, n, await endingOf(get, runId, true));
    };
    const thread = async () => {
      const threadId = randomUUID();
      for (let n = 0; n < LEDGER_RUNS; n += 1) await run("ledger", n, threadId);
    };
    await Promise.all([...SCENES.map((graph) => run(graph, 0, randomUUID())), thread()]);
    return endings;
  }

  #keep(graph: GraphName, n: number, ending: Ending): void {
    this.#calm.set(`${graph} ${n}`, JSON.stringify(ending));
  }

  /** How a run with this mark ends, undisturbed. */
  of(graph: GraphName, mark: string, n: number): Ending {
    return JSON.parse((this.#calm.get(`${graph} ${n}`) ?? "null").replaceAll(CALM, mark)) as Ending;
  }
}

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
  return `${field} is ${JSON.stringify(found[field])}, undisturbed ${JSON.stringify(expected[field])}`;
}

/** Messages name the run and the attempt that made them; that alone may differ. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === "id" && typeof inner === "string" ? undefined : inner)),
  );
}
