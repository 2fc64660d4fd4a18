import type { Json, JsonObject } from "../../../src/base/json.ts";

/** One document somebody may send, and what must come of it. */
export interface DocumentCase {
  readonly name: string;
  readonly type: "json" | "yaml";
  /** Bytes where it is no UTF-8: only a server can be sent those. */
  readonly body: string | Uint8Array;
  readonly expected: Expected;
}

export type Expected =
  | { readonly verdict: "either" }
  /** `holds`: what the default of the channel `x` is read as. */
  | { readonly verdict: "accepted"; readonly holds?: Json }
  /** `code` and `pointer` of one of its problems; with `below` the pointer may lead further. */
  | { readonly verdict: "refused"; readonly code?: string; readonly pointer?: string; readonly below?: true };

export const EITHER: Expected = { verdict: "either" };
export const ACCEPTED: Expected = { verdict: "accepted" };
export const REFUSED: Expected = { verdict: "refused" };

export function refused(code: string, pointer?: string): Expected {
  return { verdict: "refused", code, ...(pointer === undefined ? {} : { pointer }) };
}

/** A small graph that is sound. */
export const SOUND: JsonObject = {
  edgewise: 1,
  id: "g",
  channels: { x: {} },
  nodes: { n: { kind: "transform", set: { x: "1" } } },
  edges: [{ from: "start", to: "n" }],
};

/** The sound graph with some of its fields replaced. */
export function graph(changes: JsonObject): JsonObject {
  return { ...SOUND, ...changes };
}

export function jsonCase(name: string, document: Json, expected: Expected): DocumentCase {
  return { name, type: "json", body: JSON.stringify(document), expected };
}

export function yamlCase(name: string, body: string, expected: Expected): DocumentCase {
  return { name, type: "yaml", body, expected };
}

/** A sound graph around a JSON text, which is the default of the channel `x`. */
export function aroundJson(text: string): string {
  return `{"edgewise":1,"id":"g","nodes":{"n":{"kind":"transform"}},"edges":[{"from":"start","to":"n"}],"channels":{"x":{"default":${text}}}}`;
}

/** The same around a YAML text, which stands behind `default:` and is indented by more than four. */
export function aroundYaml(text: string): string {
  return `edgewise: 1\nid: g\nnodes: {n: {kind: transform}}\nedges: [{from: start, to: n}]\nchannels:\n  x:\n    default:${text}`;
}

export function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
