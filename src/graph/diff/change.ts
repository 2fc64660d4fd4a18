import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";

/** What of a graph a change is about; `graph` is everything beside the other parts. */
export type Part = "graph" | "channel" | "node" | "edge" | "input" | "output" | "limits";

interface Place {
  readonly part: Part;
  /** The node's id, the channel's name, `from → to` of an edge; else the field. Of a graph inside: `brief/draft`. */
  readonly name: string;
  /** JSON Pointer: into the document after the change, for what was removed into the one before. */
  readonly path: string;
  /** For people, one line. */
  readonly text: string;
}

export type Change =
  | (Place & { readonly kind: "added"; readonly after: Json })
  | (Place & { readonly kind: "removed"; readonly before: Json })
  | (Place & { readonly kind: "changed"; readonly before: Json; readonly after: Json })
  /** Positions from 0; the order of nodes and channels decides how writes fold (R5). */
  | (Place & { readonly kind: "moved"; readonly before: number; readonly after: number });

/** A value in a few words: scalars as they are, the rest by its size, so that no document makes a line long. */
export function inWords(value: Json): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isJsonObject(value)) return `a mapping of ${Object.keys(value).length}`;
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

const NOUNS: Readonly<Record<Part, string>> = {
  graph: "the graph",
  channel: "channel",
  node: "node",
  edge: "edge",
  input: "input",
  output: "output",
  limits: "limits",
};

/** What a line calls the thing: `node "draft"`, `edge a → b`, `limits`. */
export function nounOf(part: Part, name: string): string {
  const noun = NOUNS[part];
  if (part === "edge") return `${noun} ${name}`;
  if (part === "node" || part === "channel") return `${noun} "${name.slice(0, 80)}"`;
  return part === "graph" ? noun : name.slice(0, 80);
}

const COUNTED: readonly Part[] = ["node", "channel", "edge"];
const VERBS = ["added", "removed", "changed", "moved"] as const;

/** All changes in one line: `2 nodes added, 1 edge changed, limits changed`. */
export function summaryOf(changes: readonly Change[]): string {
  if (changes.length === 0) return "No change";
  const words: string[] = [];
  for (const part of COUNTED) {
    for (const verb of VERBS) {
      const names = new Set(changes.filter((change) => change.part === part && verbOf(change) === verb).map(nameOf));
      if (names.size > 0) words.push(`${names.size} ${part}${names.size === 1 ? "" : "s"} ${verb}`);
    }
  }
  const others = new Set(changes.filter(({ part }) => !COUNTED.includes(part)).map(({ name }) => name.slice(0, 80)));
  if (others.size > 0) words.push(`${[...others].slice(0, 10).join(", ")} changed`);
  return words.join(", ");
}

/** A field that came or went changes the thing it belongs to. */
function verbOf({ kind, part, name, path }: Change): Change["kind"] {
  const [section, last = ""] = path.split("/").slice(-2);
  // graphs inside are on the way to their parts: only a part itself ends with its name
  const own = section === `${part}s` && name.endsWith(last.replaceAll("~1", "/").replaceAll("~0", "~"));
  const whole = part === "graph" || part === "edge" || own;
  return kind === "moved" || whole ? kind : "changed";
}

function nameOf({ name }: Change): string {
  return name;
}
