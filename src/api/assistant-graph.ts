import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { toOpenDrawable } from "../graph/draw/inner-drawable.ts";
import { stateSchema } from "../graph/draw/state-schema.ts";
import type { Plan } from "../graph/plan.ts";
import { findAssistant } from "./assistant-id.ts";
import type { ApiContext } from "./context.ts";
import { answers, JsonObjectSchema, jsonAnswer, newRouter, sendJson } from "./routing.ts";
import { planOf } from "./stored-plan.ts";

/** What LangGraph's clients ask of an assistant's graph: its drawing and its schemas. */
const tags = ["Assistants"];
const params = z.object({ assistant_id: z.string().max(512) });
/** Composites in composites are fewer. */
const DEEPEST = 100;
const flag = z.enum(["true", "false", "1", "0"]).optional();

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
export const SubgraphSchemas = z
  .record(
    z.string(),
    z.object({
      state: JsonObjectSchema,
      input: JsonObjectSchema,
      output: JsonObjectSchema,
      config: JsonObjectSchema,
      context: JsonObjectSchema,
    }),
  )
  .openapi("SubgraphSchemas", { description: "JSON Schemas, by the node that runs the graph." });

const getDrawable = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}/graph",
  tags,
  summary: "Get an assistant's graph, to be drawn",
  description: "With `xray` the graphs that its nodes run are drawn in it, `true` or so many levels down.",
  request: {
    params,
    query: z.object({
      xray: z
        .string()
        .regex(/^(?:true|false|\d{1,3})$/, "must be true, false or a number of levels")
        .optional(),
    }),
  },
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

const getSubgraphs = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}/subgraphs",
  tags,
  summary: "Get the schemas of the graphs that an assistant's nodes run",
  description: "By node; with `recurse` those inside them too, by `node|inner node`.",
  request: { params, query: z.object({ recurse: flag }) },
  responses: answers({ 200: jsonAnswer("The schemas.", SubgraphSchemas) }),
});
const getSubgraph = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}/subgraphs/{namespace}",
  tags,
  summary: "Get the schemas of the graph that one node runs",
  description: "The node is named with those around it: `node|inner node`. Empty where there is no such node.",
  request: { params: params.extend({ namespace: z.string().max(2000) }), query: z.object({ recurse: flag }) },
  responses: answers({ 200: jsonAnswer("The schemas.", SubgraphSchemas) }),
});

export const assistantGraph = newRouter()
  .openapi(getDrawable, async (c) => {
    const plan = await requirePlan(c, c.req.valid("param").assistant_id);
    const { xray = "false" } = c.req.valid("query");
    const depth = xray === "true" ? DEEPEST : xray === "false" ? 0 : Number(xray);
    return sendJson(c, toOpenDrawable(plan, depth));
  })
  .openapi(getSchemas, async (c) => sendJson(c, schemasOf(await requirePlan(c, c.req.valid("param").assistant_id))))
  .openapi(getSubgraphs, async (c) => {
    const plan = await requirePlan(c, c.req.valid("param").assistant_id);
    const { recurse } = c.req.valid("query");
    const isDeep = recurse === "true" || recurse === "1";
    return sendJson(c, Object.fromEntries(plansInside(plan, isDeep).map(([name, each]) => [name, partsOf(each)])));
  })
  .openapi(getSubgraph, async (c) => {
    const { assistant_id: assistantId, namespace } = c.req.valid("param");
    const inside = planInside(await requirePlan(c, assistantId), namespace.split("|"));
    return sendJson(c, inside === undefined ? {} : { [namespace]: partsOf(inside) });
  });

/** Graphs may hold one another many times over: no more than so many are told of. */
const MOST_SUBGRAPHS = 1_000;

function plansInside(plan: Plan, isDeep: boolean): readonly [name: string, inside: Plan][] {
  const found: [string, Plan][] = [];
  const walk = ({ nodes }: Plan, prefix: string): void => {
    for (const { id, inside } of nodes) {
      if (inside === undefined || found.length >= MOST_SUBGRAPHS) continue;
      found.push([`${prefix}${id}`, inside]);
      if (isDeep) walk(inside, `${prefix}${id}|`);
    }
  };
  walk(plan, "");
  return found;
}

function planInside(plan: Plan, path: readonly string[]): Plan | undefined {
  const [id, ...rest] = path;
  const inside = plan.nodes.find((node) => node.id === id)?.inside;
  return inside === undefined || rest.length === 0 ? inside : planInside(inside, rest);
}

function partsOf(plan: Plan): z.infer<typeof SubgraphSchemas>[string] {
  const schemas = schemasOf(plan);
  return {
    state: schemas.state_schema,
    input: schemas.input_schema,
    output: schemas.output_schema,
    config: schemas.config_schema,
    context: schemas.context_schema,
  };
}

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
    state_schema: plan.stateSchema?.document ?? stateSchema(plan, channels),
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
