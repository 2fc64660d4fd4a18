import { createRoute, z } from "@hono/zod-openapi";
import { type Config } from "../config.ts";
import { graphJsonSchema } from "../graph/json-schema.ts";
import { createModels } from "../models/models.ts";
import { VERSION } from "../version.ts";
import { JsonObjectSchema, type Answers, jsonAnswer, newRouter, sendJson } from "./routing.ts";

const open = { tags: ["Server"], security: [] };
/** The release of LangGraph.js whose protocol this server speaks: its clients compare it with what they need. */
const LANGGRAPH_JS_VERSION = "1.7.3";

const ok = createRoute({
  ...open,
  method: "get",
  path: "/ok",
  summary: "Whether the server answers",
  responses: { 200: jsonAnswer("It does.", z.object({ ok: z.literal(true) })) } satisfies Answers as Answers,
});

const Info = z
  .object({
    version: z.string(),
    langgraph_js_version: z
      .string()
      .openapi({ description: "Of LangGraph.js, whose server's protocol is spoken here." }),
    context: z.literal("js"),
    flags: z.record(z.string(), z.boolean()),
    open: z.boolean().openapi({ description: "Whether requests from this machine need no key." }),
    model: z.object({
      default: z.string().openapi({ description: "What the model `default` stands for here." }),
    }),
  })
  .openapi("Info");
const info = createRoute({
  ...open,
  method: "get",
  path: "/info",
  summary: "What this server is and can",
  responses: { 200: jsonAnswer("About the server.", Info) } satisfies Answers as Answers,
});

const graphSchema = createRoute({
  ...open,
  method: "get",
  path: "/schema/graph.json",
  summary: "The JSON Schema of graph documents",
  responses: { 200: jsonAnswer("JSON Schema.", JsonObjectSchema) } satisfies Answers as Answers,
});

export const meta = newRouter()
  .openapi(ok, (c) => sendJson(c, { ok: true }))
  .openapi(info, (c) => sendJson(c, describe(c.var.config)))
  .openapi(graphSchema, (c) => sendJson(c, graphJsonSchema(c.var.kinds)));

/** `flags` are those of LangGraph's server: its clients ask them what they may use. */
function describe(config: Config): z.infer<typeof Info> {
  const { provider, model } = createModels(config.models).resolve("default");
  return {
    version: VERSION,
    langgraph_js_version: LANGGRAPH_JS_VERSION,
    context: "js",
    flags: { assistants: true, crons: true, langsmith: false, langsmith_tracing_replicas: false },
    open: config.open,
    model: { default: `${provider.name}/${model}` },
  };
}
