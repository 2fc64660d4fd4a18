import { createRoute, z } from "@hono/zod-openapi";
import type { ThreadView } from "../../durable-objects/thread-api.ts";
import { EdgewiseError, failure } from "../base/errors.ts";
import { containsJson, type Json, type JsonObject } from "../base/json.ts";
import {
  countThreads,
  searchThreads,
  type ThreadFilter,
  type ThreadRow,
  undecidedThreads,
} from "../storage/threads.ts";
import type { ApiContext } from "./context.ts";
import { inLanes } from "./lanes.ts";
import { answers, FilterObject, filterObject, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { Extract, extracted, memberOf } from "./thread-extract.ts";
import { Thread } from "./views.ts";

/** Threads found by the index; what it leaves out, and what is going on just now, is read from the threads themselves (0029). */
const tags = ["Threads"];
const MOST_ROWS = 1_000;
const MOST_IDS = 1_000;
/** Threads that one search looks into because the index does not have their values. */
const MOST_UNDECIDED = 100;
/** Whole channels may be asked for; the index itself holds short ones alone. */
const LONGEST_VALUES = 256 * 1024;
/** A statement has room for a hundred parameters. */
const MOST_CHANNELS = 20;
const MEMBERS = [
  "thread_id",
  "created_at",
  "updated_at",
  "state_updated_at",
  "metadata",
  "config",
  "context",
  "status",
  "values",
  "interrupts",
  "error",
] as const;
/** Those that a line may leave out. */
const HEAVY: ReadonlySet<string> = new Set(["values", "interrupts", "config", "error"]);

const filter = {
  metadata: FilterObject.openapi({
    description: "Containment: every key given is equal, nested objects likewise.",
  }),
  values: filterObject(LONGEST_VALUES)
    .refine(
      (values) => Object.keys(values ?? {}).length <= MOST_CHANNELS,
      `must name at most ${MOST_CHANNELS} channels`,
    )
    .openapi({
      type: ["object", "null"],
      description: `The same of the state's values. Channels of more than some 1,000 characters are not in the index: up to ${MOST_UNDECIDED} threads are looked into for them, and beyond that the search is refused.`,
    }),
  status: z.enum(["idle", "busy", "interrupted", "error"]).nullish(),
};
const Search = z
  .object({
    ...filter,
    ids: z.array(Uuid).max(MOST_IDS).nullish(),
    limit: z.int().min(1).max(MOST_ROWS).nullish().openapi({ default: 10 }),
    offset: z.int().min(0).max(1_000_000_000).nullish(),
    sort_by: z.enum(["thread_id", "status", "created_at", "updated_at", "state_updated_at"]).nullish(),
    sort_order: z.enum(["asc", "desc"]).nullish(),
    select: z.array(z.enum(MEMBERS)).nullish().openapi({ description: "Members of each thread; all where left out." }),
    extract: Extract.nullish(),
  })
  .openapi("ThreadSearch");
type Search = z.output<typeof Search>;

const FRESHNESS =
  "What a run changed is found some 50 ms after it; what was created or changed by its own call is found at once.";
const search = createRoute({
  method: "post",
  path: "/threads/search",
  tags,
  summary: "Search threads",
  description: `The newest first, unless asked otherwise. ${FRESHNESS}`,
  request: { body: jsonBody(Search) },
  responses: answers({
    200: {
      ...jsonAnswer(
        "A page. `x-pagination-total`: how many there are; `x-pagination-next`: the next offset.",
        z.array(Thread.partial().loose()),
      ),
    },
  }),
});
const count = createRoute({
  method: "post",
  path: "/threads/count",
  tags,
  summary: "Count threads",
  description: FRESHNESS,
  request: { body: jsonBody(z.object(filter)) },
  responses: answers({ 200: jsonAnswer("How many match.", z.int()) }),
});

export const threadSearch = newRouter()
  .openapi(search, async (c) => {
    const body = c.req.valid("json");
    const [limit, offset] = [body.limit ?? 10, body.offset ?? 0];
    const { rows, total } = await searchThreads(c.var.database, c.var.tenant, await filterOf(c, body), {
      sortBy: body.sort_by ?? "created_at",
      order: body.sort_order ?? "desc",
      limit,
      offset,
    });
    const views = await inLanes(rows, (row) => viewOf(c, row, body));
    c.header("x-pagination-total", String(total));
    if (offset + rows.length < total) c.header("x-pagination-next", String(offset + rows.length));
    return sendJson(
      c,
      views.filter((view) => view !== undefined).map((view) => shown(view, body)),
    );
  })
  .openapi(count, async (c) => {
    const wanted = await filterOf(c, c.req.valid("json"));
    return sendJson(c, await countThreads(c.var.database, c.var.tenant, wanted));
  });

type Filtered = Pick<Search, "metadata" | "values" | "status"> & Partial<Pick<Search, "ids">>;

/** With the threads whose values only they themselves know, looked at. @throws EdgewiseError `unsupported` where those are too many */
async function filterOf(c: ApiContext, { metadata, values, status, ids }: Filtered): Promise<ThreadFilter> {
  const wanted: ThreadFilter = {
    ...(metadata ? { metadata } : {}),
    ...(values ? { values } : {}),
    ...(status ? { status } : {}),
    ...(ids ? { ids } : {}),
  };
  const undecided = await undecidedThreads(c.var.database, c.var.tenant, wanted, MOST_UNDECIDED + 1);
  if (undecided.length > MOST_UNDECIDED) {
    const text = `More than ${MOST_UNDECIDED} threads have values too large for the index, and would have to be looked into one by one: narrow the search by metadata, ids or status.`;
    throw failure("unsupported", text, { pointer: "/values" });
  }
  const looked = await inLanes(undecided, (threadId) => lookedAt(c, threadId));
  const known = looked.flatMap((view) =>
    view !== undefined && containsJson(view.values ?? {}, wanted.values ?? {}) ? [view.thread_id] : [],
  );
  return { ...wanted, known };
}

/** Undefined for one that is gone. */
async function lookedAt(c: ApiContext, threadId: string): Promise<ThreadView | undefined> {
  const address = { tenant: c.var.tenant, threadId };
  try {
    return await c.var.threads.surely(address, (thread) => thread.getThread(address));
  } catch (thrown) {
    if (thrown instanceof EdgewiseError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}

/** Undefined for one that is gone, or not any more what was searched for. */
async function viewOf(
  c: ApiContext,
  row: ThreadRow,
  { status, select, extract }: Search,
): Promise<ThreadView | undefined> {
  const asked = [...(select ?? MEMBERS), ...Object.values(extract ?? {}).map(memberOf)];
  const isToldWhole = row.whole || !asked.some((member) => HEAVY.has(member));
  // Of what is busy the line is likely to be late.
  if (isToldWhole && row.status !== "busy") return viewOfLine(row);
  const view = await lookedAt(c, row.threadId);
  return status && view?.status !== status ? undefined : view;
}

function viewOfLine(row: ThreadRow): ThreadView {
  const read = (text: string | null): Json => (text === null ? null : (JSON.parse(text) as Json));
  return {
    thread_id: row.threadId,
    created_at: timeOf(row.createdAt),
    updated_at: timeOf(row.updatedAt),
    metadata: read(row.metadata) as JsonObject,
    status: row.status,
    config: (read(row.config) ?? {}) as JsonObject,
    values: read(row.values) as JsonObject | null,
    interrupts: (read(row.interrupts) ?? {}) as JsonObject,
    // Lines of earlier versions do not say.
    state_updated_at: timeOf(row.stateUpdatedAt === 0 ? row.updatedAt : row.stateUpdatedAt),
    error: read(row.error),
  };
}

function shown(thread: ThreadView, { select, extract }: Search): JsonObject {
  const { ttl: _ttl, ...view } = thread;
  const members = { ...view } as unknown as JsonObject;
  const chosen = select
    ? Object.fromEntries(Object.entries(members).filter(([name]) => select.some((one) => one === name)))
    : members;
  return extract ? { ...chosen, extracted: extracted(members, extract) } : chosen;
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
