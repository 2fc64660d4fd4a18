import { EdgewiseError, failure, type Reply, unwrap } from "../src/base/errors.ts";
import type { ThreadRow as ThreadLine } from "../src/storage/threads.ts";
import type { ThreadCore } from "./core.ts";
import { hasTables, readRows, readThreadRow, tableStatements, writeRows, writeThreadRow } from "./log/copy-rows.ts";
import { refuseWhileBusy } from "./queue.ts";
import type { CopyPage, CopyQuery, CopyThread } from "./thread-api.ts";

/**
 * Copies of threads (0029). The new object fetches the other's rows page by page, and is a thread only when its own row is written, last
 * of all: until then nobody finds it, and what is left of a copy that was cut off is taken away by whatever wakes it next.
 */

/** A copy that has not come to its end by then, after its last page, was cut off. */
const ABANDONED_AFTER_MS = 60_000;
/** How often a copy begins again because the other thread went on meanwhile, and a page is asked for that got lost. */
const MOST_TRIES = 3;

/** A page of the thread, at rest. @throws EdgewiseError `not_found`, `thread_busy`, or `conflict` where it is not any more what the first page was of */
export function copyPage(core: ThreadCore, sql: SqlStorage, query: CopyQuery): CopyPage {
  const { metadata } = core.record.of(query);
  refuseWhileBusy(core);
  const { copied, pruned } = core.record.facts.all;
  const last = core.store.lastRun()?.n ?? 0;
  // Runs that are taken out leave the end of the log where it is.
  const struck = sql.exec<{ size: number }>("SELECT count(*) AS size FROM struck_runs").one().size;
  const cut = [core.lastCommit.seq, core.lastCommit.at, last, pruned?.before ?? 0, struck].join(" ");
  if (query.cut !== undefined && query.cut !== cut) throw failure("conflict", CHANGED);
  const page = readRows(sql, query.place);
  const begin = {
    statements: tableStatements(sql),
    thread: readThreadRow(sql),
    metadata,
    facts: { copied: { runs: Math.max(last, copied?.runs ?? 0) }, ...(pruned && { pruned }) },
  };
  return { cut, ...(page && { page }), ...(query.place === undefined && { begin }) };
}

const CHANGED = "The thread went on while it was copied; copy it again when it rests.";

export class Copying {
  readonly #core: ThreadCore;
  readonly #context: DurableObjectState;
  #isRunning = false;

  constructor(core: ThreadCore, context: DurableObjectState) {
    this.#core = core;
    this.#context = context;
  }

  /** Whether nothing but the beginning of a copy is here; one that was cut off is taken away. */
  async clean(): Promise<boolean> {
    if (this.#core.record.row !== undefined || (!this.#isRunning && !hasTables(this.#context.storage.sql)))
      return false;
    if (this.#isRunning) await this.#context.storage.setAlarm(Date.now() + ABANDONED_AFTER_MS);
    else await this.#empty();
    return true;
  }

  /**
   * Makes this object's thread a copy of another.
   * @param ask the other object; called anew for each try
   * @throws EdgewiseError `not_found`, `thread_busy`, `conflict` where this thread exists already; nothing is left then
   */
  async copy(command: CopyThread, ask: (query: CopyQuery) => Promise<Reply<CopyPage>>): Promise<void> {
    if (this.#isRunning || this.#core.record.row !== undefined)
      throw failure("conflict", `Thread with ID ${command.threadId} already exists`);
    this.#isRunning = true;
    try {
      for (let tries = 1; ; tries++) {
        try {
          await this.#context.storage.setAlarm(Date.now() + ABANDONED_AFTER_MS);
          return await this.#takeOver(command, ask);
        } catch (thrown) {
          await this.#empty();
          if (!isChanged(thrown)) throw thrown;
          if (tries >= MOST_TRIES) throw failure("thread_busy", CHANGED);
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #takeOver({ tenant, threadId, source }: CopyThread, ask: (query: CopyQuery) => Promise<Reply<CopyPage>>) {
    const { storage } = this.#context;
    const from = { tenant, threadId: source };
    const first = await asked(ask, from);
    const { begin } = first;
    if (begin === undefined) throw new TypeError("The first page of a copy does not say what it is of.");
    storage.transactionSync(() => {
      for (const statement of begin.statements) storage.sql.exec(statement);
    });
    for (let { page } = first; page !== undefined; ) {
      const { next } = page;
      writeRows(storage.sql, page);
      if (next === undefined) break;
      await storage.setAlarm(Date.now() + ABANDONED_AFTER_MS);
      ({ page } = await asked(ask, { ...from, cut: first.cut, place: next }));
    }
    const now = this.#core.now();
    const metadata = { ...begin.metadata, thread_id: threadId };
    await this.#context.blockConcurrencyWhile(async () => {
      storage.transactionSync(() => {
        const { facts } = this.#core.record;
        const own = { thread_id: threadId, created_at: now, updated_at: now, metadata: JSON.stringify(metadata) };
        writeThreadRow(storage.sql, { ...begin.thread, ...own });
        facts.set("copied", begin.facts.copied);
        facts.set("pruned", begin.facts.pruned);
        // A better one follows, unless this object dies before.
        this.#core.store.enqueue("thread", {
          kind: "thread",
          row: { ...unknownLine(threadId, now), metadata: own.metadata },
        });
      });
      await this.#core.restore();
    });
    this.#core.keep(() => undefined);
  }

  async #empty(): Promise<void> {
    await Promise.all([this.#context.storage.deleteAlarm(), this.#context.storage.deleteAll()]);
    this.#core.record.facts.forget();
  }
}

/** A page that got lost is asked for again: asking changes nothing. */
async function asked(ask: (query: CopyQuery) => Promise<Reply<CopyPage>>, query: CopyQuery): Promise<CopyPage> {
  for (let tries = 1; ; tries++) {
    let reply: Reply<CopyPage>;
    try {
      reply = await ask(query);
    } catch (thrown) {
      if (tries >= MOST_TRIES) throw unreachable(query.threadId, thrown);
      await scheduler.wait(50 * tries);
      continue;
    }
    return unwrap(reply);
  }
}

function unreachable(threadId: string, thrown: unknown): Error {
  const cause = String(thrown).slice(0, 200);
  const text = `Thread ${threadId} does not answer at the moment; ask again. Nothing was copied.`;
  return failure("unavailable", text, { retryable: true, retryAfterMs: 1_000, cause });
}

function isChanged(thrown: unknown): boolean {
  return thrown instanceof EdgewiseError && thrown.code === "conflict";
}

function unknownLine(threadId: string, now: number): ThreadLine {
  const nothing = {
    graphId: null,
    values: null,
    leftOut: null,
    interrupts: null,
    config: null,
    error: null,
    expiresAt: null,
  };
  const times = { createdAt: now, updatedAt: now, stateUpdatedAt: 0 };
  return { threadId, status: "idle", metadata: "{}", ...times, ...nothing, whole: false };
}
