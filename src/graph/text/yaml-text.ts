import { Composer, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, Parser } from "yaml";
import type { Alias, CST, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Json } from "../../base/json.ts";
import type { Path, Problems } from "../problems.ts";
import { LARGEST_TEXT, MOST_VALUES } from "./bounds.ts";
import type { Located, Span } from "./located.ts";
import { scanYaml } from "./yaml-scan.ts";

/**
 * YAML 1.2 (core schema), limited to what JSON can say: one document, string keys, no tags of one's own,
 * no merge keys. Aliases are copied, within a bound.
 */
export function readYaml(
  text: string,
  problems: Problems,
  maxDepth: number,
): { value: Json; root: Located } | undefined {
  const refused = scanYaml(text, maxDepth);
  if (refused !== undefined) {
    const span = { start: refused.at, end: refused.at + 1 };
    problems.add({ code: refused.code, message: refused.message, path: [], span });
    return undefined;
  }
  const tokens = [...new Parser(new LineCounter().addNewLine).parse(text)];
  const deep = tooDeep(tokens, maxDepth);
  if (deep !== undefined) {
    const message = `The document is nested more than ${maxDepth} deep.`;
    problems.add({ code: "too_deep", message, path: [], span: { start: deep, end: deep + 1 } });
    return undefined;
  }
  // Keys are compared by YamlReader: the library compares each with each.
  const composer = new Composer({
    uniqueKeys: false,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [first, second] = [...composer.compose(tokens, true, text.length)];
  if (first === undefined) return undefined;
  for (const error of first.errors) {
    const span = { start: error.pos[0], end: Math.max(error.pos[1], error.pos[0] + 1) };
    problems.add({ code: "invalid_yaml", message: `${error.message.split("\n")[0] ?? ""}`, path: [], span });
  }
  for (const warning of first.warnings) {
    const span = { start: warning.pos[0], end: Math.max(warning.pos[1], warning.pos[0] + 1) };
    problems.add({
      code: "yaml_tag",
      message: `${warning.message.split("\n")[0] ?? ""}`,
      path: [],
      span,
      hint: "Tags have no meaning here; leave them out.",
    });
  }
  if (second !== undefined) {
    problems.add({
      code: "invalid_yaml",
      message: "The text holds more than one document.",
      path: [],
      span: spanOf(second.range),
    });
  }
  if (problems.failed) return undefined;
  return new YamlReader(problems, maxDepth).read(first.contents);
}

function spanOf(range: readonly [number, number, number] | null | undefined): Span {
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

/** The library composes recursively, so depth is measured before, without recursion, on its syntax tree. */
function tooDeep(tokens: readonly CST.Token[], maxDepth: number): number | undefined {
  const stack: { token: CST.Token; depth: number }[] = [];
  for (const token of tokens)
    if (token.type === "document" && token.value) stack.push({ token: token.value, depth: 1 });
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.depth > maxDepth + 1) return top.token.offset;
    if (!("items" in top.token)) continue;
    for (const item of top.token.items) {
      if (item.key) stack.push({ token: item.key, depth: top.depth + 1 });
      if (item.value) stack.push({ token: item.value, depth: top.depth + 1 });
    }
  }
  return undefined;
}

interface Read {
  readonly value: Json;
  readonly located: Located;
}

class YamlReader {
  readonly #problems: Problems;
  readonly #maxDepth: number;
  readonly #anchors = new Map<string, unknown>();
  #nodes = 0;
  #characters = 0;

  constructor(problems: Problems, maxDepth: number) {
    this.#problems = problems;
    this.#maxDepth = maxDepth;
  }

  read(contents: unknown): { value: Json; root: Located } | undefined {
    const { value, located } = this.#node(contents, []);
    return this.#nodes > MOST_VALUES ? undefined : { value, root: located };
  }

  #node(node: unknown, path: Path): Read {
    if (!isNode(node)) return { value: null, located: { span: { start: 0, end: 0 } } };
    const span = spanOf(node.range);
    this.#nodes += 1;
    if (isScalar(node) && typeof node.value === "string") this.#characters += node.value.length;
    if (this.#characters > LARGEST_TEXT) this.#nodes = Math.max(this.#nodes, MOST_VALUES + 1);
    if (this.#nodes > MOST_VALUES || path.length > this.#maxDepth) {
      // reported once: afterwards nothing is followed any more
      if (this.#nodes <= MOST_VALUES || this.#nodes === MOST_VALUES + 1) {
        const message = `Its aliases make this document larger than ${MOST_VALUES} values or ${LARGEST_TEXT} characters, or deeper than ${this.#maxDepth}.`;
        this.#problems.add({ code: "alias_bomb", message, path: [], span });
      }
      this.#nodes = MOST_VALUES + 2;
      return { value: null, located: { span } };
    }
    if (isAlias(node)) return this.#alias(node, path, span);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#map(node, path, span);
    if (isSeq(node)) return this.#list(node, path, span);
    return isScalar(node) ? this.#scalar(node, path, span) : { value: null, located: { span } };
  }

  #alias(node: Alias, path: Path, span: Span): Read {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      this.#problems.add({
        code: "invalid_yaml",
        message: `The alias *${node.source} has no anchor before it.`,
        path,
        span,
      });
      return { value: null, located: { span } };
    }
    // what is wrong inside is shown where the alias stands
    return { value: this.#node(target, path).value, located: { span } };
  }

  #list(node: YAMLSeq, path: Path, span: Span): Read {
    const children: Located[] = [];
    const value = node.items.map((item, index) => {
      const read = this.#node(item, [...path, index]);
      children.push(read.located);
      return read.value;
    });
    return { value, located: { span, children } };
  }

  #map(node: YAMLMap, path: Path, span: Span): Read {
    const entries = new Map<string, Json>();
    const children = new Map<string, Located>();
    for (const pair of node.items) {
      const key = this.#key(pair, path, span);
      if (key === undefined) continue;
      this.#characters += key.name.length;
      if (entries.has(key.name)) {
        const message = `The key "${key.name}" stands twice in this mapping.`;
        this.#problems.add({ code: "duplicate_key", message, path: [...path, key.name], span: key.span });
      }
      const read = this.#node(pair.value, [...path, key.name]);
      entries.set(key.name, read.value);
      const place = isNode(pair.value) ? read.located : { span: key.span };
      children.set(key.name, { ...place, key: key.span });
    }
    return { value: Object.fromEntries(entries), located: { span, children } };
  }

  #key(pair: Pair, path: Path, around: Span): { name: string; span: Span } | undefined {
    const span = isNode(pair.key) ? spanOf(pair.key.range) : around;
    if (!isScalar(pair.key) || typeof pair.key.value !== "string") {
      const message = "A key must be text.";
      this.#problems.add({ code: "key_not_text", message, path, span, hint: "Put the key in quotes." });
      return undefined;
    }
    if (pair.key.anchor !== undefined) this.#anchors.set(pair.key.anchor, pair.key);
    if (pair.key.value === "<<" && pair.key.type === "PLAIN") {
      const message = "Merge keys (<<) are not part of YAML 1.2.";
      this.#problems.add({ code: "merge_key", message, path, span, hint: "Write the fields out." });
      return undefined;
    }
    return { name: pair.key.value, span };
  }

  #scalar(node: Scalar, path: Path, span: Span): Read {
    const value = node.value;
    if (typeof value === "string") return { value, located: { span, text: value, written: notationOf(node) } };
    if (typeof value === "number" && !Number.isFinite(value)) {
      const message = `${node.source ?? "This"} is not a number that JSON has.`;
      this.#problems.add({ code: "number_too_large", message, path, span });
      return { value: 0, located: { span } };
    }
    const plain = typeof value === "number" || typeof value === "boolean" ? value : null;
    return { value: plain, located: { span } };
  }
}

function notationOf(node: Scalar): "quoted" | "plain" | "block" {
  if (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE") return "quoted";
  return node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED" ? "block" : "plain";
}
