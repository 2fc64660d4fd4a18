import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { toDrawable } from "../graph/draw/drawable.ts";
import { stateSchema } from "../graph/draw/state-schema.ts";
import type { Plan } from "../graph/plan.ts";
import { findAssistant } from "./assistant-id.ts";
import type { ApiContext } from "./context.ts";
import { answers, JsonObjectSchema, jsonAnswer, newRouter, sendJson } from "./routing.ts";
import { planOf } from "./stored-plan.ts";

/** What LangGraph's clients ask of an assistant's graph: its drawing and its schemas. */
const tags = ["Assistants"];
const params = z.object({ assistant_id: z.string().max(512) });

export const DrawableGraph = z
  .object({
    nodes: z.array(z.object({ id: z.string(), type: z.enum(["runnable", "schema"]), data: JsonObjectSchema })),
    edges: z.array(
      z.object({
        source: z.string(),
        target: z.string(),
        data: z.string().optional().openapi({ description: "The condition, shortened." }),
        conditional: z.literal(true).optional(),
      }),
    ),
  })
  .openapi("DrawableGraph");
export const AssistantSchemas = z
  .object({
    graph_id: z.string(),
    input_schema: JsonObjectSchema,
    output_schema: JsonObjectSchema,
    state_schema: JsonObjectSchema,
    config_schema: JsonObjectSchema.openapi({ description: "Of `config.configurable`." }),
    context_schema: JsonObjectSchema.openapi({ description: "Of `context`, with the graph's parameters." }),
  })
  .openapi("AssistantSchemas", { description: "JSON Schemas of what a run takes and gives." });

const getDrawable = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}/graph",
  tags,
  summary: "Get an assistant's graph, to be drawn",
  description: "Graphs that its nodes run are not drawn, whatever `xray` says.",
  request: { params, query: z.object({ xray: z.string().optional() }) },
  responses: answers({ 200: jsonAnswer("Nodes and edges, with `__start__` and `__end__`.", DrawableGraph) }),
});

const getSchemas = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}/schemas",
  tags,
  summary: "Get the schemas of what an assistant takes and gives",
  request: { params },
  responses: answers({ 200: jsonAnswer("The schemas.", AssistantSchemas) }),
});

export const assistantGraph = newRouter()
  .openapi(getDrawable, async (c) => sendJson(c, toDrawable(await requirePlan(c, c.req.valid("param").assistant_id))))
  .openapi(getSchemas, async (c) => sendJson(c, schemasOf(await requirePlan(c, c.req.valid("param").assistant_id))));

async function requirePlan(c: ApiContext, assistantId: string): Promise<Plan> {
  const row = await findAssistant(c.var.database, c.var.tenant, assistantId);
  if (row === undefined) throw failure("not_found", "Assistant not found");
  return planOf(row, c.var.kinds);
}

export function schemasOf(plan: Plan): z.infer<typeof AssistantSchemas> {
  const channels = plan.channels.map(({ name }) => name);
  return {
    graph_id: plan.id,
    input_schema: plan.inputSchema?.document ?? stateSchema(plan, plan.input),
    output_schema: plan.outputSchema?.document ?? stateSchema(plan, plan.output),
    state_schema: stateSchema(plan, channels),
    config_schema: plan.configSchema?.document ?? { type: "object", properties: {} },
    context_schema: contextSchema(plan),
  };
}

/** Parameters may come in the context: what the graph says of it holds, and what it says of each of them. */
function contextSchema({ contextSchema: own, parameters }: Plan): JsonObject {
  if (own !== undefined && parameters.length === 0) return own.document;
  const properties = parameters.map(({ name, schema, default: initial }): [string, Json] => [
    name,
    { ...schema?.document, ...(initial === undefined ? {} : { default: initial }) },
  ]);
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  const parametersSchema = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
  };
  return own === undefined ? parametersSchema : { allOf: [own.document, parametersSchema] };
}
