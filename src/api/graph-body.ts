import { failure } from "../base/errors.ts";
import { mediaTypeOf, readText } from "./body.ts";
import type { ApiContext } from "./context.ts";
import { YAML_TYPES } from "./graph-text.ts";

/** A version is one row of D1, which takes 2 MB: the text as sent and the document made of it must fit together. */
const MAX_SOURCE_BYTES = 512 * 1024;

/** A graph document as a body, for the API's description. */
export const graphBody = {
  required: true,
  content: {
    "application/json": { schema: { $ref: "/schema/graph.json" } },
    ...Object.fromEntries(YAML_TYPES.map((type) => [type, { schema: { type: "string" as const } }])),
  },
};

export interface GraphSource {
  readonly text: string;
  readonly type: "json" | "yaml";
}

/** A graph document as it was sent: its text, so that problems can name lines and columns. */
export async function readGraphSource(c: ApiContext, maxBytes = MAX_SOURCE_BYTES): Promise<GraphSource> {
  const mediaType = mediaTypeOf(c.req.header("content-type"));
  const yaml = YAML_TYPES.some((type) => type === mediaType);
  if (!yaml && mediaType !== "application/json") {
    const known = ["application/json", ...YAML_TYPES].join(", ");
    throw failure("unsupported_media_type", `A graph is sent as one of ${known}, not "${mediaType}".`);
  }
  return { text: await readGraphText(c, maxBytes), type: yaml ? "yaml" : "json" };
}

/** Whole, even to a byte order mark: it is to be given back as it came. */
export function readGraphText(c: ApiContext, maxBytes = MAX_SOURCE_BYTES): Promise<string> {
  return readText(c.req.raw.body, maxBytes, { keepMark: true });
}
