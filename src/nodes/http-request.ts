import { failure } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import type { Json } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Scope, Template, ValueTemplate } from "../graph/plan.ts";
import type { HttpConfig } from "./http-config.ts";
import { checkLength, compileAddress, textOf } from "./http-url.ts";
import type { Address } from "./http-url.ts";

/** A call as the document describes it. */
export interface CompiledRequest {
  readonly method: HttpConfig["method"];
  readonly address: Address;
  readonly query: ValueTemplate | undefined;
  readonly headers: readonly (readonly [name: string, value: Template])[];
  readonly body: Body | undefined;
}

/** The body's text for what the node sees, and what it is. */
interface Body {
  readonly mediaType: string;
  readonly write: (scope: Scope) => string;
}

/** In UTF-16 units. */
const LONGEST_BODY = 8 * 1024 * 1024;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** One line of Latin-1: what a header can hold. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The platform's, and ours: `idempotency-key` is what makes a second attempt harmless. */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set(
  "connection content-length expect host idempotency-key keep-alive te trailer transfer-encoding upgrade".split(" "),
);

export function compileRequest(config: HttpConfig, compiler: NodeCompiler): CompiledRequest {
  const { method, query } = config;
  const bodies = (["json", "text", "form"] as const).filter((field) => config[field] !== undefined);
  const [field, another] = bodies;
  if (another !== undefined) compiler.problem("invalid_value", "A call has one body: json, text or form.", [another]);
  else if (field !== undefined && SAFE_METHODS.has(method))
    compiler.problem("invalid_value", `A ${method} has no body; use query, or another method.`, [field]);
  return {
    method,
    address: compileAddress(config.url, compiler, ["url"]),
    query: query === undefined ? undefined : compiler.value(query as Json, ["query"]),
    headers: compileHeaders(config.headers ?? {}, compiler),
    body: compileBody(config, compiler),
  };
}

function compileHeaders(headers: Readonly<Record<string, string>>, compiler: NodeCompiler): CompiledRequest["headers"] {
  const seen = new Set<string>();
  return Object.entries(headers).map(([written, source]) => {
    const name = written.toLowerCase();
    const path = ["headers", written];
    if (!HEADER_NAME.test(name)) compiler.problem("invalid_value", "This cannot be the name of a header.", path);
    else if (FORBIDDEN_HEADERS.has(name) || name.startsWith("proxy-"))
      compiler.problem("invalid_value", `The header ${name} is not the document's to set; leave it out.`, path);
    else if (seen.has(name)) compiler.problem("invalid_value", `The header ${name} is given twice.`, path);
    seen.add(name);
    return [name, compiler.template(source, path)];
  });
}

function compileBody({ json, text, form }: HttpConfig, compiler: NodeCompiler): Body | undefined {
  if (json !== undefined) {
    const value = compiler.value(json as Json, ["json"]);
    return { mediaType: "application/json", write: (scope) => JSON.stringify(value.evaluate(scope)) };
  }
  if (text !== undefined) {
    const template = compiler.template(text, ["text"]);
    return { mediaType: "text/plain;charset=UTF-8", write: (scope) => template.render(scope) };
  }
  if (form === undefined) return undefined;
  const value = compiler.value(form as Json, ["form"]);
  const mediaType = "application/x-www-form-urlencoded;charset=UTF-8";
  return { mediaType, write: (scope) => new URLSearchParams(pairsOf(value.evaluate(scope), "form")).toString() };
}

/** What is sent, without the signal. @throws EdgewiseError `node_failed` for values that no request can hold. */
export function writeRequest(
  compiled: CompiledRequest,
  scope: Scope,
  idempotencyKey: string,
): { readonly url: URL; readonly init: { method: string; headers: Headers; body?: string } } {
  const { method, address, query, body } = compiled;
  const url = address(scope);
  if (query !== undefined) addQuery(url, new URLSearchParams(pairsOf(query.evaluate(scope), "query")));
  const headers = new Headers();
  if (body !== undefined) headers.set("content-type", body.mediaType);
  for (const [name, template] of compiled.headers) headers.set(name, headerValue(name, template.render(scope)));
  if (!SAFE_METHODS.has(method)) headers.set("idempotency-key", idempotencyKey);
  return { url, init: { method, headers, ...(body === undefined ? {} : { body: bounded(body.write(scope)) }) } };
}

/** All at once: a URL writes itself anew for each pair that is appended. */
function addQuery(url: URL, query: URLSearchParams): void {
  const added = query.toString();
  if (added === "") return;
  checkLength(added);
  url.search = url.search === "" ? added : `${url.search}&${added}`;
}

function bounded(body: string): string {
  if (body.length <= LONGEST_BODY) return body;
  const message = `The body of this call has ${body.length} characters; at most ${LONGEST_BODY} are sent.`;
  throw failure("value_too_large", message);
}

function headerValue(name: string, rendered: string): string {
  const value = rendered.trim();
  if (HEADER_VALUE.test(value)) return value;
  throw failure(
    "node_failed",
    `The header ${name} cannot hold this value: one line of Latin-1 characters is what fits.`,
  );
}

/** Names and texts of a query or form: a list repeats its name, null leaves it out. */
function pairsOf(value: Json, field: string): [string, string][] {
  if (!isJsonObject(value)) throw failure("node_failed", `${field} must come to a mapping of names to values.`);
  return Object.entries(value).flatMap(([name, given]) =>
    (Array.isArray(given) ? given : [given]).flatMap((item: Json): [string, string][] => {
      if (item === null) return [];
      if (typeof item !== "object") return [[name, textOf(item)]];
      throw failure(
        "node_failed",
        `${field}, "${name.slice(0, 80)}": a value is a text, a number, true, false, null, or a list of these.`,
      );
    }),
  );
}
