import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NODE_DEFAULTS } from "../../src/graph/kinds.ts";
import type { NodeDefaults } from "../../src/graph/kinds.ts";
import { nodeCommonSchema } from "../../src/graph/schema.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import type { AnyNodeKind } from "../../src/nodes/registry.ts";
import { ROOT } from "../local/repository.ts";
import { fieldsOf } from "./fields.ts";
import type { Field } from "./fields.ts";

/** Where the pages are, from the repository's folder. */
export const NODE_PAGES = join("docs", "nodes");
/** What a schema cannot say: a page's paragraphs between its table and its example. */
const NOTES = join(ROOT, "scripts", "docs", "notes");

const MADE = "<!-- Made by `npm run docs` from the kind's schema and scripts/docs/notes. Edit those. -->";

const MORE = "[Every node](README.md#every-node) has some more, such as `retry` and `timeout`.";
const MORE_AROUND =
  "[Every node](README.md#every-node) has some more, such as `on_error` and `cache`; `retry`, `timeout` and `effect` belong to the nodes inside.";

const EFFECTS: Readonly<Record<AnyNodeKind["effect"], string>> = {
  pure: "does nothing outside the run, so it is repeated freely",
  idempotent: "doing it again does nothing more, so it may be repeated",
  unsafe: "doing it again may do harm, so it is not repeated by itself",
};

/** Name and text of every page of docs/nodes. */
export function nodePages(): ReadonlyMap<string, string> {
  const kinds = [...nodeKinds.values()];
  return new Map([["README.md", overview(kinds)], ...kinds.map((kind) => [`${kind.kind}.md`, pageOf(kind)] as const)]);
}

function overview(kinds: readonly AnyNodeKind[]): string {
  const rows = kinds.map((kind) => [
    `[${kind.kind}](${kind.kind}.md)`,
    kind.summary,
    isComposite(kind) ? "that of what is inside" : kind.effect,
  ]);
  return page(
    MADE,
    "# Kinds of nodes",
    "What a node of a [graph](../language.md) may do. Each page shows a graph that runs as it is.",
    table(["kind", "what it does", "effect"], rows),
    "The effect says what repeating an attempt may do, which retry, resume and redrive go by. [Kinds of your own](../typescript.md#nodes-of-your-own) are made with `defineNode`.",
    "## Every node",
    "Besides the fields of its kind, a node has these:",
    fieldTable(fieldsOf(nodeCommonSchema)),
    `A duration is \`250ms\`, \`30s\`, \`5m\`, \`2h\`, \`7d\`, or a number of milliseconds. Where a kind says nothing else, there is ${policyOf(NODE_DEFAULTS)}.`,
  );
}

function isComposite(kind: AnyNodeKind): boolean {
  return "open" in kind;
}

function pageOf(of: AnyNodeKind): string {
  const { kind, summary, schema, example } = of;
  const fields = fieldsOf(schema);
  return page(
    MADE,
    `# ${kind}`,
    `${summary}.`,
    fields.length === 0 ? "It has no fields of its own." : fieldTable(fields),
    isComposite(of) ? MORE_AROUND : MORE,
    notesOn(kind),
    isComposite(of) ? "**Effect:** that of the nodes inside, each of which has its own." : effectOf(of),
    "## Example",
    `\`\`\`yaml graph\n${(example ?? "").trimEnd()}\n\`\`\``,
  );
}

function effectOf({ effect, defaults }: AnyNodeKind): string {
  return `**Effect:** ${effect}; ${EFFECTS[effect]}. **By default:** ${policyOf(defaults ?? NODE_DEFAULTS)}.`;
}

function notesOn(kind: string): string {
  const path = join(NOTES, `${kind}.md`);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
}

function policyOf({ retry, timeoutMs }: NodeDefaults): string {
  const time = `${timeoutMs / 1000}s`;
  if (retry.attempts === 1) return `one attempt of at most ${time}`;
  const delays = `the second after ${retry.delayMs}ms, each further one after twice as long, at most ${retry.maxDelayMs / 1000}s`;
  return `${retry.attempts} attempts of at most ${time} each, ${delays}`;
}

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map(({ name, type, initial, meaning }) => [`\`${name}\``, type, initial, meaning]);
  return table(["field", "type", "default", "meaning"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function page(...parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
