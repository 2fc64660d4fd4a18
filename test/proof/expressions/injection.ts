import { EdgewiseError } from "../../../src/base/errors.ts";
import { type Json, type JsonObject, sameJson } from "../../../src/base/json.ts";
import type { NodeContext } from "../../../src/nodes/contract.ts";
import { fetchAnswering, jsonAnswer, type Sent } from "../../../src/nodes/testing/context.ts";
import { runOne } from "../../../src/nodes/testing/one-node.ts";
import { checkPlace } from "../../../src/storage/item-place.ts";

/** What somebody may say who wants a request to be another one. */
export const VALUES: readonly Json[] = [
  ..."evil.example //evil.example \\\\evil.example @evil.example :80@evil.example/ evil.example# ?admin=1 #f &admin=1 = ; / \\".split(
    " ",
  ),
  ..."../../admin .. . ./ ..;/ %2e%2e %2e%2e/%2e%2e %2f %5c %23 %3f %00 %0d%0a %E0%A4 %".split(" "),
  "\r\nX-Evil: 1\r\n\r\nbody",
  "\nX-Evil: 1",
  "\rX-Evil: 1",
  "a\u0000b",
  "\t",
  " ",
  "",
  "a b",
  "\u2028",
  "\u0085",
  "é",
  "。evil。example",
  "／evil",
  "＠evil",
  "‥",
  "😀",
  "\ud800",
  "xn--a",
  "__proto__",
  "constructor",
  "a".repeat(40_000),
  "{{ state.secret }}",
  "${secret}",
  "a.b",
  'a"b',
  "'); DROP TABLE items; --",
  "<script>",
  null,
  true,
  1e21,
  -0,
  [],
  ["a", "\r\n"],
  { a: "\r\n" },
  { __proto__x: 1 },
];

const textOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));
const BASE = { kind: "http", url: "https://a.example/api/end", write: "out" };

/** A part of a request that takes a hole; `kept` says whether what was sent says the value there, and nothing else. */
interface Surface {
  /** GET if left out. */
  readonly method?: "GET" | "POST";
  readonly node: JsonObject;
  readonly kept: (sent: Sent, url: URL, value: Json) => boolean;
}

const sameText = (one: string | null | undefined, value: Json): boolean => one === textOf(value).toWellFormed();
const isPath = (url: URL, before: string, after: string, value: Json): boolean => {
  const middle = url.pathname.slice(before.length, url.pathname.length - after.length);
  const fits = url.pathname.startsWith(before) && url.pathname.endsWith(after) && !middle.includes("/");
  return fits && sameText(decodeURIComponent(middle), value) && url.search === "";
};

export const SURFACES: Readonly<Record<string, Surface>> = {
  "a path": {
    node: { ...BASE, url: "https://a.example/api/{{ state.x }}/end" },
    kept: (_, url, value) => isPath(url, "/api/", "/end", value),
  },
  "a path's last part": {
    node: { ...BASE, url: "https://a.example/api/{{ state.x }}" },
    kept: (_, url, value) => isPath(url, "/api/", "", value),
  },
  "half a part of a path": {
    node: { ...BASE, url: "https://a.example/api/v.{{ state.x }}.json" },
    kept: (_, url, value) => isPath(url, "/api/v.", ".json", value),
  },
  "a path right behind the host": {
    node: { ...BASE, url: "https://a.example/{{ state.x }}" },
    kept: (_, url, value) => isPath(url, "/", "", value),
  },
  "a query that is written out": {
    node: { ...BASE, url: "https://a.example/?q={{ state.x }}&k=1" },
    kept: (_, url, value) =>
      isQuery(url, [
        ["q", textOf(value)],
        ["k", "1"],
      ]),
  },
  "a query": {
    node: { ...BASE, url: "https://a.example/?k=1", query: { q: "{{ state.x }}" } },
    kept: (_, url, value) => {
      const values = value === null ? [] : Array.isArray(value) ? value : [value];
      return isQuery(url, [["k", "1"], ...values.map((each): [string, string] => ["q", textOf(each as Json)])]);
    },
  },
  "a fragment": {
    node: { ...BASE, url: "https://a.example/#{{ state.x }}" },
    kept: (_, url) => url.pathname === "/" && url.search === "",
  },
  "a header": {
    node: { ...BASE, headers: { "x-a": "a{{ state.x }}" } },
    kept: ({ headers }, _, value) =>
      [...headers.keys()].join() === "x-a" && headers.get("x-a") === `a${textOf(value)}`.trim(),
  },
  "a body of JSON": {
    method: "POST",
    node: { ...BASE, method: "POST", json: { a: "{{ state.x }}" } },
    kept: ({ body }, _, value) =>
      sameJson(JSON.parse(body ?? "null") as Json, JSON.parse(JSON.stringify({ a: value })) as Json),
  },
  "a form": {
    method: "POST",
    node: { ...BASE, method: "POST", form: { a: "{{ state.x }}", b: "1" } },
    kept: ({ body }, _, value) => {
      const values = value === null ? [] : Array.isArray(value) ? value : [value];
      const pairs = [...values.map((each) => ["a", textOf(each as Json).toWellFormed()]), ["b", "1"]];
      return sameJson([...new URLSearchParams(body)] as unknown as Json, pairs as Json);
    },
  },
};

function isQuery(url: URL, pairs: readonly (readonly [string, string])[]): boolean {
  const wanted = pairs.map(([name, text]) => [name, text.toWellFormed()]);
  return url.pathname === "/" && url.hash === "" && sameJson([...url.searchParams] as unknown as Json, wanted as Json);
}

/** What came of a value: the request or place that was written (`kept`), none for a reason that is told, or what was wrong. */
export type Injected = "kept" | "refused" | { readonly fault: string };

export async function inject({ node, kept, method = "GET" }: Surface, value: Json): Promise<Injected> {
  const { fetch, sent } = fetchAnswering(jsonAnswer(1));
  const stopped = await stopOf(node, value, { publicFetch: fetch });
  const [request] = sent;
  if (request === undefined) return stopped ?? { fault: "nothing was sent" };
  const url = new URL(request.url);
  const isThere = url.protocol === "https:" && url.host === "a.example" && url.username + url.password === "";
  if (!isThere || request.method !== method || sent.length > 1) return { fault: `sent ${request.method} ${url.href}` };
  return kept(request, url, value)
    ? "kept"
    : { fault: `sent ${url.href.slice(0, 99)} ${request.body?.slice(0, 99) ?? ""}` };
}

/** The store's places: what is kept lies where the document says, and nowhere else. */
export async function injectPlace(field: "namespace" | "key", value: Json): Promise<Injected> {
  const places: [readonly string[], string][] = [];
  const put = async (namespace: readonly string[], key: string): Promise<void> => {
    checkPlace(namespace, key);
    places.push([namespace, key]);
  };
  const refuse = (): Promise<never> => Promise.reject(new TypeError("not this"));
  const isKey = field === "key";
  const place = isKey ? { namespace: ["a"], key: "{{ state.x }}" } : { namespace: ["a", "{{ state.x }}"], key: "k" };
  const node = { kind: "store.put", ...place, value: { v: 1 } };
  const stopped = await stopOf(node, value, {
    store: { put, get: refuse, delete: refuse, search: refuse, namespaces: refuse },
  });
  if (stopped !== undefined) return stopped;
  const text = textOf(value);
  const wanted = isKey ? [["a"], text] : [["a", text], "k"];
  return sameJson(places as unknown as Json, [wanted] as Json)
    ? "kept"
    : { fault: `kept at ${JSON.stringify(places)}` };
}

async function stopOf(node: JsonObject, value: Json, given: Partial<NodeContext>): Promise<Injected | undefined> {
  try {
    await runOne(node, { x: value }, given);
    return undefined;
  } catch (thrown) {
    return thrown instanceof EdgewiseError ? "refused" : { fault: `threw ${String(thrown).slice(0, 100)}` };
  }
}
