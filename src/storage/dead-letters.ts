import { and, desc, eq, isNull, lt, ne, or, type SQL } from "drizzle-orm";
import type { ErrorRecord } from "../base/errors.ts";
import { sha256Hex } from "../base/hash.ts";
import { uuidv5 } from "../base/ids.ts";
import { canonicalJson, type Json } from "../base/json.ts";
import type { Database } from "./database.ts";
import { deadLetters } from "./schema.ts";

export type DeadLetterStatus = "open" | "redriven" | "discarded";

/** What failed for good, as it is first told. Times are Unix milliseconds. */
export interface DeadLetter {
  readonly id: string;
  readonly kind: "run" | "message" | "webhook";
  readonly threadId: string | null;
  readonly runId: string | null;
  readonly graphId: string | null;
  readonly node: string | null;
  readonly task: string | null;
  readonly cause: ErrorRecord;
  /** Oldest first. */
  readonly history: readonly FailedAttempt[];
  readonly payload: Json;
  readonly createdAt: number;
}

export interface FailedAttempt {
  /** 1, 2 …, or 0 for one that a restart cut off; of a message that was tried several times the last alone may be known. */
  readonly attempt: number;
  readonly at: number;
  readonly error: { readonly code: string; readonly message: string };
}

export interface DeadLetterRow extends DeadLetter {
  readonly status: DeadLetterStatus;
  readonly redrivenRunId: string | null;
  readonly updatedAt: number;
}

/** Of the ids of dead letters; random UUIDs, fixed for ever. */
const RUNS = "0b6c3b0f-52f5-4d6e-9c38-6d1c5f3f2b77";
const MESSAGES = "b4f6d3c2-0f5b-4a35-8a8e-4f6e1d2c9a10";
const WEBHOOKS = "9c1f5b62-7d64-4f0e-8a41-2b9d3e6c7f05";
/** JSON text in UTF-16 units; a longer payload is left out, with a word about it. */
const LONGEST_PAYLOAD = 100_000;

/** One a run, however often it is told. */
export function deadRunId(tenant: string, threadId: string, runId: string): string {
  return uuidv5(canonicalJson([tenant, threadId, runId]), RUNS);
}

/** A hint that could not be followed; one for equal bodies. */
export function deadMessage(
  tenant: string,
  place: { readonly threadId: string | null; readonly runId: string | null },
  body: Json,
  last: FailedAttempt,
  cause: ErrorRecord,
): DeadLetter {
  const text = canonicalJson(body);
  return {
    ...place,
    id: uuidv5(canonicalJson([tenant, sha256Hex(text)]), MESSAGES),
    kind: "message",
    graphId: null,
    node: null,
    task: null,
    cause,
    history: [last],
    payload: text.length <= LONGEST_PAYLOAD ? body : { omitted: `${text.length} characters of JSON` },
    createdAt: last.at,
  };
}

/** A webhook that its receiver did not take. One a delivery: redriven in vain it is another. */
export function deadWebhook(
  tenant: string,
  delivery: { readonly id: string; readonly generation: number; readonly [more: string]: Json } & {
    readonly threadId: string;
    readonly runId: string;
    readonly graphId: string;
  },
  history: readonly FailedAttempt[],
  cause: ErrorRecord,
  nowMs: number,
): DeadLetter {
  const { id, generation, threadId, runId, graphId } = delivery;
  return {
    id: uuidv5(canonicalJson([tenant, id, generation]), WEBHOOKS),
    kind: "webhook",
    threadId,
    runId,
    graphId,
    node: null,
    task: null,
    cause,
    history,
    payload: delivery,
    createdAt: nowMs,
  };
}

/** Known already, in whatever status: nothing happens. */
export async function insertDeadLetter(database: Database, tenant: string, letter: DeadLetter): Promise<void> {
  const { cause, history, payload, createdAt } = letter;
  const texts = {
    cause: JSON.stringify(cause),
    history: JSON.stringify(history),
    payload: JSON.stringify(payload),
  };
  await database
    .insert(deadLetters)
    .values({ ...letter, ...texts, tenant, status: "open", updatedAt: createdAt })
    .onConflictDoNothing();
}

export async function findDeadLetter(
  database: Database,
  tenant: string,
  id: string,
): Promise<DeadLetterRow | undefined> {
  const [row] = await database.select().from(deadLetters).where(sameLetter(tenant, id)).limit(1);
  return row && fromRow(row);
}

export interface DeadLetterQuery {
  readonly limit: number;
  /** The last row of the page before. */
  readonly after?: { readonly createdAt: number; readonly id: string };
  readonly status?: DeadLetterStatus;
  readonly graphId?: string;
  readonly threadId?: string;
}

/** Without what is long. */
export type DeadLetterLine = Omit<DeadLetterRow, "history" | "payload">;

const lineColumns = {
  id: deadLetters.id,
  kind: deadLetters.kind,
  status: deadLetters.status,
  threadId: deadLetters.threadId,
  runId: deadLetters.runId,
  graphId: deadLetters.graphId,
  node: deadLetters.node,
  task: deadLetters.task,
  cause: deadLetters.cause,
  redrivenRunId: deadLetters.redrivenRunId,
  createdAt: deadLetters.createdAt,
  updatedAt: deadLetters.updatedAt,
};

/** Newest first. */
export async function listDeadLetters(
  database: Database,
  tenant: string,
  { limit, after, status, graphId, threadId }: DeadLetterQuery,
): Promise<readonly DeadLetterLine[]> {
  const filters: (SQL | undefined)[] = [
    eq(deadLetters.tenant, tenant),
    after &&
      or(
        lt(deadLetters.createdAt, after.createdAt),
        and(eq(deadLetters.createdAt, after.createdAt), lt(deadLetters.id, after.id)),
      ),
    status === undefined ? undefined : eq(deadLetters.status, status),
    graphId === undefined ? undefined : eq(deadLetters.graphId, graphId),
    threadId === undefined ? undefined : eq(deadLetters.threadId, threadId),
  ];
  const rows = await database
    .select(lineColumns)
    .from(deadLetters)
    .where(and(...filters))
    .orderBy(desc(deadLetters.createdAt), desc(deadLetters.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, cause: JSON.parse(row.cause) as ErrorRecord }));
}

/** Before a redrive begins: from here on it cannot be discarded. Asked for again it is the same claim. */
export async function claimRedrive(
  database: Database,
  tenant: string,
  id: string,
  runId: string,
  nowMs: number,
): Promise<void> {
  await database
    .update(deadLetters)
    .set({ redrivenRunId: runId, updatedAt: nowMs })
    .where(and(sameLetter(tenant, id), eq(deadLetters.status, "open")));
}

/** The redrive was refused: nothing has come of it. */
export async function releaseRedrive(database: Database, tenant: string, id: string, nowMs: number): Promise<void> {
  await database
    .update(deadLetters)
    .set({ redrivenRunId: null, updatedAt: nowMs })
    .where(and(sameLetter(tenant, id), eq(deadLetters.status, "open")));
}

/** The run is there: whatever else was said of the letter in the meantime, it was redriven. */
export async function markRedriven(
  database: Database,
  tenant: string,
  id: string,
  runId: string | null,
  nowMs: number,
): Promise<void> {
  await database
    .update(deadLetters)
    .set({ status: "redriven", redrivenRunId: runId, updatedAt: nowMs })
    .where(and(sameLetter(tenant, id), ne(deadLetters.status, "redriven")));
}

/** A run that failed goes on in another, whoever asked for that. */
export async function markContinued(
  database: Database,
  tenant: string,
  { threadId, runId, by, at }: { threadId: string; runId: string; by: string; at: number },
): Promise<void> {
  await database
    .update(deadLetters)
    .set({ status: "redriven", redrivenRunId: by, updatedAt: at })
    .where(and(sameLetter(tenant, deadRunId(tenant, threadId, runId)), ne(deadLetters.status, "redriven")));
}

/** Whether it is discarded now; not where it was redriven, or is being redriven. */
export async function discardDeadLetter(
  database: Database,
  tenant: string,
  id: string,
  nowMs: number,
): Promise<boolean> {
  await database
    .update(deadLetters)
    .set({ status: "discarded", updatedAt: nowMs })
    .where(and(sameLetter(tenant, id), eq(deadLetters.status, "open"), isNull(deadLetters.redrivenRunId)));
  return (await findDeadLetter(database, tenant, id))?.status === "discarded";
}

/** With the thread goes what its tasks saw. */
export async function removeDeadLetters(database: Database, tenant: string, threadId: string): Promise<void> {
  await database.delete(deadLetters).where(and(eq(deadLetters.tenant, tenant), eq(deadLetters.threadId, threadId)));
}

function sameLetter(tenant: string, id: string) {
  return and(eq(deadLetters.tenant, tenant), eq(deadLetters.id, id));
}

function fromRow(stored: typeof deadLetters.$inferSelect): DeadLetterRow {
  const { tenant: _tenant, ...row } = stored;
  return {
    ...row,
    cause: JSON.parse(row.cause) as ErrorRecord,
    history: JSON.parse(row.history) as readonly FailedAttempt[],
    payload: JSON.parse(row.payload) as Json,
  };
}
