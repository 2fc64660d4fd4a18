/** One request of a chain, ready to be sent again elsewhere. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: BodyInit | null;
}

export type Redirect =
  | { readonly kind: "none" }
  | { readonly kind: "follow"; readonly hop: Hop }
  | { readonly kind: "refuse"; readonly why: string };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Nothing secret can be in these; every other header stays with the origin it was meant for. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set(
  "accept accept-language content-language content-type if-modified-since if-none-match range user-agent".split(" "),
);
const BODY_HEADERS: readonly string[] = ["content-encoding", "content-language", "content-length", "content-type"];

/** Where a response sends its request (Fetch, "HTTP-redirect fetch"), without judging the address. */
export function redirectOf(response: Response, from: Hop): Redirect {
  const location = response.headers.get("location");
  if (!REDIRECTS.has(response.status) || location === null) return { kind: "none" };
  const url = URL.parse(location, from.url.href);
  if (!url) return { kind: "refuse", why: "the redirect leads to something that is not a URL" };
  if (from.url.protocol === "https:" && url.protocol === "http:")
    return { kind: "refuse", why: "the redirect leads from https to http" };
  const becomesGet = response.status === 303 ? from.method !== "HEAD" : response.status < 303 && from.method === "POST";
  if (!becomesGet && from.body instanceof ReadableStream)
    return { kind: "refuse", why: "the redirect wants the body again, which was a stream" };
  return {
    kind: "follow",
    hop: {
      url,
      method: becomesGet ? "GET" : from.method,
      headers: headersFor(from, url, becomesGet),
      body: becomesGet ? null : from.body,
    },
  };
}

function headersFor(from: Hop, to: URL, losesBody: boolean): Headers {
  const kept = [...from.headers].filter(([name]) => {
    if (losesBody && BODY_HEADERS.includes(name)) return false;
    return to.origin === from.url.origin || HARMLESS_HEADERS.has(name);
  });
  return new Headers(kept);
}
