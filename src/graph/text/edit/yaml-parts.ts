import { Composer, isAlias, isMap, isNode, isScalar, isSeq, Parser } from "yaml";
import type { CST, Pair, YAMLMap, YAMLSeq } from "yaml";
import type { Json } from "../../../base/json.ts";
import { isJsonObject } from "../../../base/json.ts";
import { NO_ENTRIES } from "./parts.ts";
import type { Entry, Part } from "./parts.ts";

/** The parts of a YAML text that `readYaml` has read as `value`, without a problem. */
export function yamlParts(text: string, value: Json): Part {
  const composer = new Composer({
    uniqueKeys: false,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "silent",
    keepSourceTokens: true,
  });
  const [document] = [...composer.compose(new Parser().parse(text), true, text.length)];
  return partOf(text, document?.contents, value, text.length);
}

/** `nowhere` is where a value stands that is not written. */
function partOf(text: string, node: unknown, value: Json, nowhere: number): Part {
  const empty: Part = { form: "scalar", layout: "block", span: at(nowhere), value, entries: NO_ENTRIES };
  if (!isNode(node)) return empty;
  const anchor = !isAlias(node) && node.anchor !== undefined ? { anchor: node.anchor } : {};
  const [start, end] = node.range ?? [nowhere, nowhere];
  if (isAlias(node)) return { ...empty, form: "alias", span: { start, end }, source: node.source };
  if (isMap(node)) return { ...mapPart(text, node, value, { start, end }), ...anchor };
  if (isSeq(node)) return { ...listPart(text, node, value, { start, end }), ...anchor };
  if (!isScalar(node) || start === end) return { ...empty, ...anchor };
  const isBlock = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
  const span = { start, end: isBlock ? blockEnd(text, start, end) : end };
  return { ...empty, span, ...(node.type === undefined ? {} : { notation: node.type }), ...anchor };
}

function at(offset: number): { start: number; end: number } {
  return { start: offset, end: offset };
}

/** Behind a block scalar's last line, without its line end: where blank lines are not part of it, they are not counted. */
function blockEnd(text: string, start: number, end: number): number {
  const raw = text.slice(start, end);
  const keeps = /^[|>]\d?\+/.test(raw);
  const rest = keeps ? /\r?\n$/ : /(?:\r?\n)*$/;
  return end - (rest.exec(raw)?.[0].length ?? 0);
}

function mapPart(text: string, node: YAMLMap, value: Json, span: { start: number; end: number }): Part {
  const isFlow = node.flow === true;
  const values = isJsonObject(value) ? value : {};
  const entries = node.items.map((pair) => pairEntry(text, pair, values));
  const last = entries.at(-1);
  const whole = isFlow || last === undefined ? span : { start: entries[0]?.start ?? span.start, end: last.end };
  // `[a: 1]` is a map without braces
  const sealed = isFlow ? text[span.start] !== "{" : false;
  const part: Part = { form: "map", layout: isFlow ? "flow" : "block", span: whole, value, entries };
  return sealed ? { ...part, sealed: true } : part;
}

function pairEntry(text: string, pair: Pair, values: { readonly [key: string]: Json }): Entry {
  const name = isScalar(pair.key) ? String(pair.key.value) : "";
  const [keyStart, keyEnd] = (isScalar(pair.key) ? pair.key.range : undefined) ?? [0, 0];
  // the library's type leaves out that a pair in braces has a source too
  const source = pair.srcToken as CST.CollectionItem | undefined;
  const start = propsStart(source?.start) ?? keyStart;
  const colon = source?.sep?.find((token) => token.type === "map-value-ind");
  const after = colon === undefined ? keyEnd : colon.offset + 1;
  const written = propsEnd(source?.sep) ?? after;
  const part = partOf(text, pair.value, values[name] ?? null, Math.max(written, after));
  const explicit = source?.start.some((token) => token.type === "explicit-key-ind") === true;
  return {
    name,
    key: { start: keyStart, end: keyEnd },
    start,
    after,
    end: Math.max(part.span.end, after),
    part,
    colon: colon !== undefined,
    ...(explicit ? { explicit: true } : {}),
  };
}

function listPart(text: string, node: YAMLSeq, value: Json, span: { start: number; end: number }): Part {
  const isFlow = node.flow === true;
  const token = node.srcToken;
  const items = token?.type === "block-seq" || token?.type === "flow-collection" ? token.items : [];
  const values = Array.isArray(value) ? (value as readonly Json[]) : [];
  const entries = node.items.map((item, index): Entry => {
    const source = items[index]?.start;
    const dash = source?.find((token) => token.type === "seq-item-ind");
    const behind = dash === undefined ? span.start + 1 : dash.offset + 1;
    const written = Math.max(propsEnd(source) ?? behind, behind);
    const part = partOf(text, item, values[index] ?? null, written);
    const start = isFlow ? (propsStart(source) ?? part.span.start) : (dash?.offset ?? part.span.start);
    const after = isFlow ? start : behind;
    return { name: undefined, start, after, end: Math.max(part.span.end, after), part, colon: true };
  });
  const last = entries.at(-1);
  const whole = isFlow || last === undefined ? span : { start: entries[0]?.start ?? span.start, end: last.end };
  return { form: "list", layout: isFlow ? "flow" : "block", span: whole, value, entries };
}

type Tokens = readonly CST.SourceToken[] | undefined;

/** Where anchors, tags and the like before a value or key begin. */
function propsStart(tokens: Tokens): number | undefined {
  return tokens?.find(({ type }) => type === "anchor" || type === "tag" || type === "explicit-key-ind")?.offset;
}

function propsEnd(tokens: Tokens): number | undefined {
  const last = tokens?.findLast(({ type }) => type === "anchor" || type === "tag");
  return last === undefined ? undefined : last.offset + last.source.length;
}
