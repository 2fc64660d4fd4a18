import { kindOfHost } from "./egress-address.ts";

/** Null when a URL may be called, else why not. */
export type Verdict = string | null;

/** An address an operator declared: only its origin counts, and it may be private and without TLS. */
export function judgeDeclared(url: URL, declaredOrigins: ReadonlySet<string>): Verdict {
  if (url.protocol !== "https:" && url.protocol !== "http:") return `the scheme ${url.protocol} is not allowed`;
  if (url.username || url.password) return "user names and passwords in URLs are not allowed";
  return declaredOrigins.has(url.origin) ? null : "the operator has not declared this origin";
}

/**
 * An address from a document, a tenant or a model: public, by name or number, over TLS.
 * A name is judged by its spelling only; what it resolves to is the platform's to hold back
 * (`global_fetch_strictly_public` at the edge, the network filter of the local runtime).
 */
export function judgePublic(url: URL, isHttpAllowed: boolean): Verdict {
  if (url.protocol !== "https:" && !(isHttpAllowed && url.protocol === "http:"))
    return `the scheme ${url.protocol} is not allowed`;
  if (url.username || url.password) return "user names and passwords in URLs are not allowed";
  return judgePort(url.port) ?? judgeHost(url.hostname);
}

function judgeHost(hostname: string): Verdict {
  const host = kindOfHost(hostname);
  if (host.kind === "special-address") return `the address is not public (${host.why})`;
  return host.kind === "name" ? judgeName(hostname) : null;
}

/** Names that never lead to the public internet: special-use domains (RFC 6761, 6762, 8375, 9476) and customary private ones. */
const PRIVATE_DOMAINS: ReadonlySet<string> = new Set(
  "localhost local internal arpa localdomain lan intranet corp home private test example invalid onion alt".split(" "),
);
/** Public names that resolve to whatever address is written in them, or to loopback. */
const ADDRESS_NAMES: readonly string[] =
  "nip.io sslip.io xip.io localtest.me lvh.me vcap.me lacolhost.com readme.localtest.me traefik.me local.gd".split(" ");

function judgeName(hostname: string): Verdict {
  // One dot at the end only says that the name is complete.
  const name = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  const labels = name.split(".");
  if (labels.some((label) => label === "" || label.length > 63)) return "the host name is malformed";
  if (labels.length < 2) return "a host name without a domain is not public";
  if (PRIVATE_DOMAINS.has(labels.at(-1) ?? "")) return `names under .${labels.at(-1)} are not public`;
  if (ADDRESS_NAMES.some((domain) => name === domain || name.endsWith(`.${domain}`)))
    return "names that stand for an address written in them are not allowed";
  return null;
}

/** Ports above 1023 that browsers refuse as well, because what listens there may take HTTP for its own language. */
const BAD_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** The scheme's own port, or an unprivileged one. */
function judgePort(port: string): Verdict {
  if (port === "" || port === "80" || port === "443") return null;
  const number = Number(port);
  return number < 1024 || BAD_PORTS.has(number) ? `port ${port} is not allowed` : null;
}
