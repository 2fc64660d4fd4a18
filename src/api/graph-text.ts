import { accepts } from "hono/accepts";
import { Document, isScalar, visit } from "yaml";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import { Problems } from "../graph/problems.ts";
import { readSource } from "../graph/text/read.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";
import type { ApiContext } from "./context.ts";

export const YAML_TYPES = ["application/yaml", "text/yaml", "application/x-yaml"] as const;

/** `source`: the text as it was published, whatever it is written in. */
export const GRAPH_FORMATS = ["json", "yaml", "source"] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/** A query says it before a header does. */
export function wantedFormat(c: ApiContext, asked: GraphFormat | undefined): GraphFormat {
  if (asked !== undefined) return asked;
  const type = accepts(c, {
    header: "Accept",
    supports: ["application/json", ...YAML_TYPES],
    default: "application/json",
  });
  return type === "application/json" ? "json" : "yaml";
}

interface GraphText {
  readonly text: string;
  readonly type: "application/json" | "application/yaml";
}

/** As published, byte for byte; what was published as JSON and is wanted as YAML is printed. */
export function textOf(row: GraphVersionRow, format: "yaml" | "source"): GraphText {
  if (row.sourceType === "yaml") return { text: row.source, type: "application/yaml" };
  if (format === "source") return { text: row.source, type: "application/json" };
  return { text: toYaml(publishedDocument(row)), type: "application/yaml" };
}

/** The document in block style, on which our own reader reads back what went in. */
export function toYaml(document: JsonObject): string {
  const printed = new Document(document, { aliasDuplicateObjects: false });
  // A reader of YAML 1.1 takes it for a merge key, and ours refuses it.
  visit(printed, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === "<<") key.type = "QUOTE_DOUBLE";
    },
  });
  return printed.toString({ lineWidth: 0 });
}

/** What the text says, without the graphs that publishing linked to it. */
function publishedDocument(row: GraphVersionRow): JsonObject {
  const read = readSource({ text: row.source, type: row.sourceType }, new Problems());
  return isJsonObject(read?.value) ? read.value : (JSON.parse(row.document) as JsonObject);
}
