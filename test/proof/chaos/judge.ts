import { setTimeout as sleep } from "node:timers/promises";
import { difference, type Endings, endingOf, getter, type RunAnswer, unlikeModel } from "./endings.ts";
import { follow } from "./follow.ts";
import { disorder, judgeSeen, spokenIn, taskCounts } from "./frames.ts";
import type { Port } from "./port.ts";
import type { Acknowledged, Frame, Ledger } from "./record.ts";

export type Fault = "lost" | "stuck" | "diverged" | "doubled" | "cancel" | "frames" | "text" | "busy";

export interface Finding {
  readonly fault: Fault;
  readonly what: string;
}

/** What was looked at, so that nothing passes by not having been looked at. */
export interface Verdict {
  readonly findings: Finding[];
  frames: number;
  texts: number;
  compared: number;
  /** Runs with an unsafe attempt that was cut off: somebody was asked what became of it. */
  asked: number;
}

const AT_ONCE = 6;
const POLL_MS = 250;

/** @param until Unix milliseconds: what is not over by then is stuck */
export async function judge(port: Port, ledger: Ledger, endings: Endings, until: number): Promise<Verdict> {
  const verdict: Verdict = { findings: [], frames: 0, texts: 0, compared: 0, asked: 0 };
  for (const what of ledger.doubled) verdict.findings.push({ fault: "doubled", what });
  const threads = Map.groupBy(ledger.runs, ({ threadId }) => threadId);
  for (const threadId of ledger.unknown) threads.set(threadId, []);
  const waiting = [...threads];
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await new ThreadJudge(port, verdict, endings, until).judge(next[0], next[1], ledger.unknown.has(next[0]));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return verdict;
}

class ThreadJudge {
  readonly #port: Port;
  readonly #verdict: Verdict;
  readonly #endings: Endings;
  readonly #until: number;

  constructor(port: Port, verdict: Verdict, endings: Endings, until: number) {
    this.#port = port;
    this.#verdict = verdict;
    this.#endings = endings;
    this.#until = until;
  }

  async judge(threadId: string, runs: readonly Acknowledged[], mayHaveMore: boolean): Promise<void> {
    const listed = await this.#port.ask<{ run_id: string }[]>("GET", `/threads/${threadId}/runs?limit=1000`, {}, [404]);
    const known = new Set(runs.flatMap(({ runId, chain = [] }) => [runId, ...chain]));
    const found = listed.status === 200 ? listed.body.map(({ run_id }) => run_id) : [];
    const others = found.filter((id) => !known.has(id));
    if (others.length > (mayHaveMore ? 1 : 0))
      this.#find("doubled", `thread ${threadId} has more runs: ${others.join(", ")}`);
    for (const runId of mayHaveMore ? others : []) await this.#over(threadId, runId, `run ${runId} without an answer`);
    for (const [index, run] of runs.entries()) {
      if (found.includes(run.runId)) await this.#run(run, index === runs.length - 1);
      else this.#find("lost", `${nameOf(run)} was acknowledged and is not there`);
    }
    if (listed.status !== 200) return;
    const { body: thread } = await this.#port.ask<{ status: string }>("GET", `/threads/${threadId}`);
    if (thread.status === "busy") this.#find("busy", `thread ${threadId} is busy`);
  }

  async #run(run: Acknowledged, isLast: boolean): Promise<void> {
    // Whose cancel was forgotten goes on for minutes.
    const fault = run.cancelledAt === undefined ? "stuck" : "cancel";
    const answer = await this.#over(run.threadId, run.runId, nameOf(run), fault);
    if (answer === undefined) return;
    if (run.cancelledAt !== undefined) await this.#cancelled(run, answer, run.cancelledAt);
    else await this.#ended(run, isLast);
    await this.#frames(run, answer);
    await this.#sentAgain(run);
  }

  /** Undefined when it did not end in time. */
  async #over(threadId: string, runId: string, name: string, fault: Fault = "stuck"): Promise<RunAnswer | undefined> {
    for (;;) {
      const { body: run } = await this.#port.ask<RunAnswer>("GET", `/threads/${threadId}/runs/${runId}`);
      if (run.status !== "pending" && run.status !== "running") return run;
      if (Date.now() > this.#until) {
        this.#find(fault, `${name} is ${run.status}`);
        return undefined;
      }
      await sleep(POLL_MS);
    }
  }

  /** A cancel that was acknowledged is the last that happened to its run. */
  async #cancelled(run: Acknowledged, { status, updated_at }: RunAnswer, at: number): Promise<void> {
    if (status !== "interrupted") this.#find("cancel", `${nameOf(run)} was cancelled and is ${status}`);
    if (Date.parse(updated_at) > at)
      this.#find("cancel", `${nameOf(run)} went on after its cancel, until ${updated_at}`);
  }

  async #ended(run: Acknowledged, isLast: boolean): Promise<void> {
    const { program, mark, n, runId, chain = [] } = run;
    if (program.isUnsafe && chain.length > 0) this.#verdict.asked += 1;
    // Asked and answered, it ended in another run; forked, both have ended.
    const last = chain.at(-1) ?? runId;
    for (const id of program.forks ? new Set([runId, last]) : [last]) {
      const found = await endingOf(getter(this.#port, run.threadId), id, isLast && id === last);
      const wrong =
        unlikeModel(found, program.expected(mark, n)) ??
        // How its work is spread over several runs is chance.
        (run.chain === undefined ? difference(this.#endings.of(program, mark, n), found) : undefined);
      this.#verdict.compared += 1;
      if (wrong !== undefined) this.#find("diverged", `${nameOf(run)}, in ${id}: ${wrong}`);
    }
  }

  async #frames(run: Acknowledged, { status }: RunAnswer): Promise<void> {
    const replay: Frame[] = [];
    await follow(this.#port, run, replay);
    for (const what of disorder(replay)) this.#find("frames", `${nameOf(run)}, replayed: ${what}`);
    if (status === "success" && run.program.answer === undefined) this.#tasks(run, replay);
    if (run.seen !== undefined) {
      for (const what of judgeSeen(run.seen, replay)) this.#find("frames", `${nameOf(run)}: ${what}`);
      this.#verdict.frames += run.seen.length;
    }
    for (const { node, text, result } of spokenIn(run.seen ?? replay)) {
      this.#verdict.texts += 1;
      if (text !== result)
        this.#find("text", `${nameOf(run)}, ${node}: said "${text}", answered ${JSON.stringify(result)}`);
    }
  }

  #tasks(run: Acknowledged, replay: readonly Frame[]): void {
    const [found, expected] = [taskCounts(replay), this.#endings.tasksOf(run.program)];
    for (const what of new Set([...Object.keys(found), ...Object.keys(expected)])) {
      if (found[what] === expected[what]) continue;
      this.#find("doubled", `${nameOf(run)}: ${what}: ${found[what] ?? 0}, undisturbed ${expected[what] ?? 0}`);
    }
  }

  /** The same request under the same key is the same run, however long ago it was. */
  async #sentAgain(run: Acknowledged): Promise<void> {
    if (run.request === undefined) return;
    const { path, headers, body } = run.request;
    const { body: again } = await this.#port.ask<{ run_id: string }>("POST", path, { headers, body });
    if (again.run_id !== run.runId) this.#find("doubled", `${nameOf(run)}: its key now answers run ${again.run_id}`);
  }

  #find(fault: Fault, what: string): void {
    this.#verdict.findings.push({ fault, what });
  }
}

export function nameOf({ program, mark, n, threadId, runId }: Acknowledged): string {
  return `${program.id} ${mark}${program.runs > 1 ? `, run ${n}` : ""} (thread ${threadId}, run ${runId})`;
}
