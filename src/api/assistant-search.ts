import { createRoute, z } from "@hono/zod-openapi";
import { type AssistantFilter, countAssistants, searchAssistants } from "../storage/assistant-search.ts";
import { toAssistantView } from "./assistant-views.ts";
import { FilterObject, answers, jsonAnswer, jsonBody, newRouter, sendJson } from "./routing.ts";
import { Assistant } from "./views.ts";

const tags = ["Assistants"];
const filter = {
  graph_id: z.string().max(512).nullish(),
  name: z.string().max(500).nullish().openapi({ description: "A part of the name, upper and lower case alike." }),
  metadata: FilterObject.openapi({ description: "All of it must be in an assistant's, recursively." }),
};
const FIELDS = Assistant.keyof();

const search = createRoute({
  method: "post",
  path: "/assistants/search",
  tags,
  summary: "Search assistants, newest first",
  description:
    "`X-Pagination-Total` says how many there are, `X-Pagination-Next` the next page's offset where there is one.",
  request: {
    body: jsonBody(
      z.object({
        ...filter,
        limit: z.int().min(1).max(1000).nullish(),
        offset: z.int().min(0).max(1_000_000).nullish(),
        sort_by: z.enum(["assistant_id", "graph_id", "name", "created_at", "updated_at"]).nullish(),
        sort_order: z.enum(["asc", "desc"]).nullish(),
        select: z.array(FIELDS).max(20).nullish().openapi({ description: "Members to answer; all if left out." }),
      }),
    ),
  },
  responses: answers({ 200: jsonAnswer("The assistants.", z.array(Assistant.partial())) }),
});
const count = createRoute({
  method: "post",
  path: "/assistants/count",
  tags,
  summary: "Count assistants",
  request: { body: jsonBody(z.object(filter)) },
  responses: answers({ 200: jsonAnswer("How many there are.", z.int()) }),
});

export const assistantSearch = newRouter()
  .openapi(search, async (c) => {
    const body = c.req.valid("json");
    const { database, tenant } = c.var;
    const wanted = toFilter(body);
    const page = { limit: body.limit ?? 10, offset: body.offset ?? 0 };
    const order = { by: body.sort_by ?? "created_at", descending: body.sort_order !== "asc" } as const;
    const [total, rows] = await Promise.all([
      countAssistants(database, tenant, wanted),
      searchAssistants(database, tenant, wanted, { ...order, ...page }),
    ]);
    const next = page.offset + page.limit;
    c.header("x-pagination-total", String(total));
    if (next < total) c.header("x-pagination-next", String(next));
    return sendJson(
      c,
      rows.map(toAssistantView).map((view) => selected(view, body.select)),
    );
  })
  .openapi(count, async (c) => {
    return sendJson(c, await countAssistants(c.var.database, c.var.tenant, toFilter(c.req.valid("json"))));
  });

function toFilter(body: z.output<z.ZodObject<typeof filter>>): AssistantFilter {
  const { graph_id: graphId, name, metadata } = body;
  return { ...(graphId ? { graphId } : {}), ...(name ? { name } : {}), ...(metadata ? { metadata } : {}) };
}

function selected(view: z.infer<typeof Assistant>, fields: readonly string[] | null | undefined): object {
  if (!fields || fields.length === 0) return view;
  return Object.fromEntries(Object.entries(view).filter(([field]) => fields.includes(field)));
}
