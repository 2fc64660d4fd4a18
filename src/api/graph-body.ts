import { failure } from "../base/errors.ts";
import type { ApiContext } from "./context.ts";
import { mediaTypeOf, readText } from "./body.ts";

/** A version is one row of D1, which takes 2 MB: the text as sent and the document made of it must fit together. */
const MAX_SOURCE_BYTES = 512 * 1024;
export const MAX_DOCUMENT_LENGTH = 1024 * 1024;

export const YAML_TYPES = ["application/yaml", "text/yaml", "application/x-yaml"] as const;

export interface GraphSource {
  readonly text: string;
  readonly type: "json" | "yaml";
}

/** A graph document as it was sent: its text, so that problems can name lines and columns. */
export async function readGraphSource(c: ApiContext): Promise<GraphSource> {
  const mediaType = mediaTypeOf(c.req.header("content-type"));
  const yaml = YAML_TYPES.some((type) => type === mediaType);
  if (!yaml && mediaType !== "application/json") {
    const known = ["application/json", ...YAML_TYPES].join(", ");
    throw failure("unsupported_media_type", `A graph is sent as one of ${known}, not "${mediaType}".`);
  }
  const text = await readText(c.req.raw.body, MAX_SOURCE_BYTES);
  return { text, type: yaml ? "yaml" : "json" };
}
