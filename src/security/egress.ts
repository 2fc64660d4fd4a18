import { failure } from "../base/errors.ts";
import { guardResponse } from "./egress-body.ts";
import { Deadlines, egressError, type EgressLimits } from "./egress-deadlines.ts";
import { type Hop, redirectOf } from "./egress-redirect.ts";
import { judgeDeclared, judgePublic, type Verdict } from "./egress-url.ts";

/**
 * The one way out. Everything that calls another host calls it through one of these two functions, which judge scheme
 * and address before each request and each redirect, and bound time and size.
 *
 * They fail with an EdgewiseError: `egress_denied` and `egress_too_large` (final), `egress_failed` and `egress_timeout`
 * (retryable); or with the caller's own reason when its signal was aborted.
 */
export interface Egress {
  /** For origins an operator declared (model providers, the gateway), which may be private; nothing else. */
  readonly declared: typeof fetch;
  /** For addresses that documents, tenants or models name: public only. */
  readonly public: typeof fetch;
}

export interface EgressOptions {
  /** The platform's fetch. */
  readonly fetch: typeof fetch;
  /** Such as `https://api.openai.com` or `http://127.0.0.1:11434`; what follows the origin does not count. */
  readonly declaredOrigins: readonly string[];
  /** Lets public addresses be called without TLS as well. */
  readonly allowPublicHttp?: boolean;
  readonly declaredLimits?: Partial<EgressLimits>;
  readonly publicLimits?: Partial<EgressLimits>;
}

const MEBIBYTE = 1024 * 1024;
const SECOND = 1_000;
/** A model may think for minutes before it says a word, and write for minutes. */
const DECLARED_LIMITS: EgressLimits = {
  maxBytes: 64 * MEBIBYTE,
  firstByteMs: 300 * SECOND,
  idleMs: 180 * SECOND,
  totalMs: 1_800 * SECOND,
};
const PUBLIC_LIMITS: EgressLimits = {
  maxBytes: 10 * MEBIBYTE,
  firstByteMs: 30 * SECOND,
  idleMs: 15 * SECOND,
  totalMs: 120 * SECOND,
};
const MOST_REDIRECTS = 5;

interface Way {
  readonly fetch: typeof fetch;
  readonly judge: (url: URL) => Verdict;
  readonly limits: EgressLimits;
}

/** @throws EdgewiseError `misconfigured` when a declared origin is not a URL of http or https. */
export function createEgress(options: EgressOptions): Egress {
  const origins = new Set(options.declaredOrigins.map(originOf));
  const { fetch: outgoing } = options;
  const declared: Way = {
    fetch: outgoing,
    judge: (url) => judgeDeclared(url, origins),
    limits: { ...DECLARED_LIMITS, ...options.declaredLimits },
  };
  const open: Way = {
    fetch: outgoing,
    judge: (url) => judgePublic(url, options.allowPublicHttp === true),
    limits: { ...PUBLIC_LIMITS, ...options.publicLimits },
  };
  return {
    declared: (input, init) => guardedFetch(declared, input, init),
    public: (input, init) => guardedFetch(open, input, init),
  };
}

function originOf(text: string): string {
  const url = URL.parse(text);
  if (url && (url.protocol === "https:" || url.protocol === "http:")) return url.origin;
  throw failure("misconfigured", `"${text}" is not an origin; declare one such as "https://api.openai.com".`);
}

async function guardedFetch(way: Way, ...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const { hop, signal } = await readRequest(input, init);
  signal?.throwIfAborted();
  const deadlines = new Deadlines(hop.url.host, signal);
  deadlines.start("answer", way.limits.totalMs);
  deadlines.start("first byte", way.limits.firstByteMs);
  try {
    const { response, url } = await follow(way, hop, init, deadlines);
    deadlines.stop("first byte");
    return guardResponse(response, url, way.limits, deadlines);
  } catch (thrown) {
    deadlines.stopAll();
    throw deadlines.judge(thrown);
  }
}

async function follow(
  way: Way,
  first: Hop,
  init: RequestInit | undefined,
  deadlines: Deadlines,
): Promise<{ readonly response: Response; readonly url: URL }> {
  const { fetch: outgoing } = way;
  let hop = first;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    deny(hop.url, way.judge(hop.url));
    const { url, method, headers, body } = hop;
    const request = { ...init, method, headers, body, redirect: "manual" as const, signal: deadlines.signal };
    const response = await deadlines.race(outgoing(url.href, request));
    if (init?.redirect === "manual") return { response, url };
    const redirect = redirectOf(response, hop);
    if (redirect.kind === "none") return { response, url };
    response.body?.cancel().catch(() => {});
    deny(url, redirect.kind === "refuse" ? redirect.why : null);
    deny(url, init?.redirect === "error" ? "it answers with a redirect, which the caller does not want" : null);
    if (redirect.kind === "follow") hop = redirect.hop;
  }
  throw denied(hop.url, `it was reached by more than ${MOST_REDIRECTS} redirects`);
}

function deny(url: URL, verdict: Verdict): void {
  if (verdict !== null) throw denied(url, verdict);
}

function denied(url: URL, why: string): Error {
  // Only scheme and host: paths and queries may hold secrets.
  return egressError("egress_denied", false, `Calling ${url.protocol}//${url.host} is denied: ${why}.`);
}

/** Both forms of fetch's arguments, as one request that can be sent more than once. */
async function readRequest(
  ...[input, init]: Parameters<typeof fetch>
): Promise<{ readonly hop: Hop; readonly signal: AbortSignal | undefined }> {
  const request = input instanceof Request ? input : undefined;
  const url = URL.parse(input instanceof Request ? input.url : input instanceof URL ? input.href : input);
  if (!url) throw egressError("egress_denied", false, "The address to call is not an absolute URL.");
  const hop = {
    url,
    method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
    headers: new Headers(init?.headers ?? request?.headers),
    body: init?.body ?? (request?.body ? await request.arrayBuffer() : null),
  };
  return { hop, signal: init?.signal ?? request?.signal ?? undefined };
}
