import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Scope, Template } from "../graph/plan.ts";
import { cut } from "../graph/template.ts";

/** The address of a call, for what the node sees. @throws EdgewiseError `node_failed` for what is no address. */
export type Address = (scope: Scope) => URL;

/** Scheme, host and what ends the host: no hole before that can change where a call goes. */
const HEAD = /^https?:\/\/[^\s/?#\\@{}]+[/?#]/i;
const WHOLE = /^https?:\/\/[^\s/?#\\@{}]+(?:[/?#]|$)/i;
/** What a URL parser takes for "here" and "up". */
const DOTS = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i;

/**
 * A URL is written out with holes behind the host, whose values are percent-encoded so that each stays one part of path
 * or query; or it is one hole as a whole.
 */
export function compileAddress(source: string, compiler: NodeCompiler, path: readonly string[]): Address {
  const template = compiler.template(source, path);
  const pieces = [...cut(source.trim())];
  if (pieces.length === 1 && pieces[0]?.kind === "hole") return (scope) => toUrl(template.render(scope));
  const texts = pieces.map((piece) => (piece.kind === "text" ? piece.text : undefined));
  if (!(texts.includes(undefined) ? HEAD : WHOLE).test(texts[0] ?? "")) {
    const message =
      "A URL begins with https:// and a whole host, written out; or it is one hole and nothing else. Holes may follow the host's /.";
    compiler.problem("invalid_value", message, path);
  } else if (DOTS.test(pathOf(texts.map((text) => text ?? "hole").join("")))) {
    compiler.problem("invalid_value", 'The URL\'s path has a part "." or "..": write the path without it.', path);
  }
  const query = texts.findIndex((text) => text !== undefined && /[?#]/.test(text));
  const inPath = texts.slice(0, query === -1 ? texts.length : query).filter((text) => text === undefined).length;
  return (scope) => toUrl(encoded(template, scope, inPath));
}

/** Holes in the path must have a text: `/users/{{ state.id }}` without an id would mean all users. */
function encoded(template: Template, scope: Scope, inPath: number): string {
  let hole = 0;
  const text = template.render(scope, (value) => {
    hole += 1;
    const part = encodeURIComponent(textOf(value).toWellFormed());
    if (part === "" && hole <= inPath) throw refused("a hole in its path gave an empty text");
    return part;
  });
  if (DOTS.test(pathOf(text.trim()))) throw refused('a part of its path became "." or ".."');
  return text;
}

/** From the first slash behind the host. */
function pathOf(url: string): string {
  return /^https?:\/\/[^/?#\\]*([^?#]*)/i.exec(url)?.[1] ?? "";
}

/** No server takes more, and some much less. */
const LONGEST_ADDRESS = 32_768;

/** Of an address or its query. @throws EdgewiseError `node_failed` */
export function checkLength(text: string): void {
  if (text.length > LONGEST_ADDRESS) throw refused(`it has more than ${LONGEST_ADDRESS} characters`);
}

function toUrl(text: string): URL {
  checkLength(text);
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol)) throw refused("it is not an absolute address of https");
  return url;
}

/** What a hole becomes in an address, a header or a form. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Without the address itself: it may hold what is nobody's business. */
function refused(why: string) {
  return failure("node_failed", `The URL of this call cannot be used: ${why}.`);
}
