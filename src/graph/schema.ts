import { z } from "zod";
import { REDUCERS } from "./channels.ts";

export const FORMAT = 1;
export const ID = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const ID_HINT = "Begin with a letter, then letters, digits, _ and -, at most 64 in all.";
/** Of a graph under `graphs`: an id, and maybe which of its versions it is. */
export const GRAPH_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}(?:@[1-9][0-9]{0,8})?$/;
export const GRAPH_NAME_HINT = `${ID_HINT} A number of a version may follow, as in brief@3.`;
/** Ends of edges that are not nodes. */
export const RESERVED: ReadonlySet<string> = new Set(["start", "end"]);

const DURATION = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST_MS = 7 * 24 * 3_600_000;

/** `250ms`, `30s`, `5m`, `2h`, `7d`, or a number of milliseconds. */
export function durationMs(duration: string | number): number {
  if (typeof duration === "number") return duration;
  const [, amount = "", unit = ""] = DURATION.exec(duration) ?? [];
  return Math.round(Number(amount) * (UNIT_MS[unit] ?? Number.NaN));
}

const durationUpTo = (longestMs: number, message: string) =>
  z
    .union([
      z.number().int().min(0).max(longestMs),
      z.string().regex(DURATION, "Write a duration such as 250ms, 30s, 5m, 2h or 7d."),
    ])
    // What is no duration at all has been refused by its form.
    .refine((value) => !(durationMs(value) > longestMs), { message })
    .meta({ title: "duration", description: "250ms, 30s, 5m, 2h, 7d, or a number of milliseconds" });

const duration = durationUpTo(LONGEST_MS, "A duration is at most 168h.");

const positiveDuration = duration.refine((value) => durationMs(value) !== 0, {
  message: "This duration must be above 0.",
});

const jsonSchema = z.record(z.string(), z.unknown());

const idText = z.string().regex(ID, ID_HINT);
const description = z.string().max(10_000).optional().describe("For people who read the graph");

export const channelSchema = z.strictObject({
  reducer: z.enum(REDUCERS).default("last").describe("How writes fold into the channel's value"),
  conflict: z
    .enum(["error", "last"])
    .optional()
    .describe("For the reducer last: what two writes do that have not seen each other"),
  default: z.unknown().optional().describe("The value before anything is written"),
  schema: jsonSchema.optional().describe("JSON Schema of the channel's value"),
  description,
});

const retrySchema = z.union([
  z.number().int().min(1).max(100).describe("Attempts in all"),
  z.strictObject({
    attempts: z.number().int().min(1).max(100),
    delay: duration.optional().describe("Before the second attempt; doubled each time"),
    max_delay: duration.optional().describe("The longest delay"),
  }),
]);

/** Fields that every kind of node has. */
export const nodeCommonSchema = z.object({
  kind: z.string().describe("What the node does"),
  description,
  shown_as: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe("Template of what streams and states call the node, over all but the state; its id if left out"),
  join: z
    .enum(["all", "each"])
    .default("all")
    .describe("Once for everything that arrives together, or once for each arrival"),
  retry: retrySchema.optional().describe("Attempts at what may succeed later"),
  timeout: z
    .union([
      positiveDuration,
      z.strictObject({
        total: positiveDuration.optional().describe("For the whole attempt"),
        first: positiveDuration.optional().describe("Until it streams something; idle if left out"),
        idle: positiveDuration.optional().describe("Between two pieces of what it streams"),
      }),
    ])
    .optional()
    .describe("For one attempt, or for its parts"),
  on_error: z
    .union([
      z.string().describe("A node, or end: where the run goes when the node has failed for good"),
      z
        .strictObject({
          to: z.string().optional().describe("A node, or end; the node's own edges if left out"),
          write: z.string().optional().describe("Channel for the error: code, message, node, attempt"),
        })
        .refine(({ to, write }) => to !== undefined || write !== undefined, { message: "Say `to`, `write`, or both." }),
    ])
    .optional()
    .describe("What follows when the node has failed for good; the run fails if left out"),
  undo: z.string().optional().describe("In a graph that a saga runs: the node that undoes what this one did"),
  effect: z
    .enum(["pure", "idempotent", "unsafe"])
    .optional()
    .describe("What repeating it may do: nothing, nothing more, or harm. Its kind says it where this does not"),
  on_unknown: z
    .enum(["ask", "retry"])
    .optional()
    .describe(
      "Of an unsafe node whose attempt died without an outcome: ask somebody who knows (the default), or repeat it",
    ),
  cache: z
    .strictObject({
      ttl: positiveDuration.describe("How long a result may be used again"),
      key: z.string().optional().describe("CEL; all that the node reads if left out"),
    })
    .optional()
    .describe("Use the result of an earlier, equal task of any run; not for unsafe nodes"),
});
export const COMMON_FIELDS: ReadonlySet<string> = new Set(Object.keys(nodeCommonSchema.shape));

export const edgeSchema = z.strictObject({
  from: z.string().describe("A node, or start"),
  to: z.string().describe("A node, or end"),
  when: z.string().optional().describe("CEL; the edge is taken when it is true"),
  else: z.literal(true).optional().describe("Taken when no `when` of the same node is true"),
  send: z
    .string()
    .optional()
    .describe("CEL expression of a list: the target runs once for each item, which is its payload"),
});

export const parameterSchema = z.strictObject({
  schema: jsonSchema.optional().describe("JSON Schema of its value"),
  default: z.unknown().optional().describe("Its value where a run gives none"),
  required: z.boolean().optional().describe("Refuse a run without it"),
  description,
});

const channelsOf = (what: string) =>
  z.union([
    z.array(z.string()).describe(`Names of channels: ${what}`),
    jsonSchema.describe("JSON Schema of an object whose properties are channels"),
  ]);

/** A run with its waits may take longer than any one attempt. */
const LONGEST_RUN_MS = 366 * 24 * 3_600_000;
/** Graphs within graphs, the document's own not counted. */
export const DEEPEST_GRAPH = 8;

export const limitsSchema = z.strictObject({
  steps: z.number().int().min(1).max(100_000).default(100).describe("Longest chain of tasks in one run"),
  concurrency: z.number().int().min(1).max(1000).default(6).describe("Tasks running at once"),
  tokens: z
    .number()
    .int()
    .min(1)
    .max(1e12)
    .optional()
    .describe("Tokens of models, in and out together, that a run may use"),
  cost_usd: z.number().positive().max(1e6).optional().describe("US dollars that a run's models may cost"),
  time: durationUpTo(LONGEST_RUN_MS, "A run's time is at most 366d.")
    .refine((value) => durationMs(value) !== 0, { message: "This duration must be above 0." })
    .optional()
    .describe("From a run's start to its end, waits included"),
  state: z.number().int().min(1).max(1e9).optional().describe("Characters of the whole state as JSON"),
  depth: z.number().int().min(0).max(DEEPEST_GRAPH).optional().describe("Graphs in graphs; 0 for none"),
});

/** What of {@link limitsSchema} holds for a whole run, and so is said by the outermost graph alone. */
export const RUN_LIMITS = ["tokens", "cost_usd", "time", "state"] as const;

const nodeNames = z
  .union([z.literal("*").describe("Every node"), z.array(z.string()).max(5000).describe("Ids of nodes")])
  .default([]);

/** Where runs of the graph stop until they are told to go on, whatever the run itself asks for. */
export const breakpointsSchema = z.strictObject({
  before: nodeNames.describe("Nodes before which a run stops"),
  after: nodeNames.describe("Nodes after which a run stops"),
});

/** What a run has where neither it, nor its thread, nor its assistant says it. */
export const defaultsSchema = z.strictObject({
  config: z.record(z.string(), z.unknown()).optional().describe("Values of config.configurable, read as config.<name>"),
  context: z.record(z.string(), z.unknown()).optional().describe("Values of the context, read as context.<name>"),
});

/** The document around its channels, nodes and edges, which are checked one by one so that one mistake hides no other. */
export const headSchema = z.strictObject({
  edgewise: z.literal(FORMAT).describe("Version of the format"),
  id: idText.describe("The graph's id"),
  name: z.string().max(200).optional(),
  description,
  channels: z.record(z.string(), z.unknown()).default({}).describe("The parts of the state"),
  input: channelsOf("those an input may set").optional().describe("What a run takes; all channels if left out"),
  output: channelsOf("those a result shows").optional().describe("What a run gives; all channels if left out"),
  state: jsonSchema
    .optional()
    .describe("JSON Schema of the whole state, for clients; the channels' own schemas are what values are judged by"),
  variables: z.record(z.string(), z.unknown()).optional().describe("Values of the graph, read as vars.<name>"),
  parameters: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("What a run may be given in its context, read as params.<name>"),
  config: jsonSchema.optional().describe("JSON Schema of a run's config.configurable, read as config.<name>"),
  context: jsonSchema.optional().describe("JSON Schema of a run's context, read as context.<name>"),
  defaults: defaultsSchema.optional().describe("Configuration and context of runs that say nothing else"),
  graphs: z.record(z.string(), z.unknown()).optional().describe("Graphs that nodes of this one run, by name"),
  nodes: z.record(z.string(), z.unknown()).describe("What is done, by id"),
  edges: z.array(z.unknown()).describe("What follows what"),
  limits: limitsSchema.optional(),
  breakpoints: breakpointsSchema.optional().describe("Where runs stop until they are told to go on"),
  on_failure: z
    .enum(["continue", "stop"])
    .optional()
    .describe(
      "When a node has failed for good and no on_error takes it: the rest goes on (continue), or nothing new starts",
    ),
});

/** By this the published JSON Schema knows where a graph may stand. */
export const INSIDE = "x-edgewise-graph";

/** A graph under `graphs`: a document, which need not say its format and id again. */
export const namedGraphSchema = headSchema.partial({ edgewise: true, id: true });

/** A graph in place, inside of a node. It has the variables, parameters and graphs of the one around it. */
export const placedGraphSchema = headSchema.pick({
  name: true,
  description: true,
  channels: true,
  input: true,
  output: true,
  nodes: true,
  edges: true,
  limits: true,
  breakpoints: true,
});

/** For the field of a composite kind that says which graph its frames run, the one that it hands to `compiler.inside`. */
export const insideSchema = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .describe("The graph it runs: a name under graphs, or a graph in place")
  .meta({ [INSIDE]: true });

export type ChannelConfig = z.infer<typeof channelSchema>;
export type NodeCommon = z.infer<typeof nodeCommonSchema>;
export type EdgeConfig = z.infer<typeof edgeSchema>;
export type Limits = z.infer<typeof limitsSchema>;
