import type { JsonObject } from "../base/json.ts";
import { isHeader } from "../base/run-config.ts";

/** Longer values are no configuration. */
const LONGEST_VALUE = 4_096;
const MOST = 50;
/** What LangGraph's server keeps to itself. */
const RESERVED = new Set(["x-api-key", "x-tenant-id", "x-service-key"]);
/** What proxies and tracing put on requests: not the client's words, and another with each of them. */
const OF_THE_WAY =
  /^x-(?:forwarded|real-ip|client-ip|cluster-client-ip|original|envoy|amz|amzn|cloud-trace|b3|datadog|request-id|correlation-id)(?:-|$)/;
/** A run's configuration is kept and shown; what opens doors has no place there. */
const SECRET =
  /(?:^|[-_])(?:api|access|auth|client|csrf|id|refresh|secret|session|xsrf)?[-_]?(?:assertion|auth|authorization|cookies?|credentials?|jwt|keys?|pass|passwd|password|pwd|secrets?|session|sessionid|signature|tokens?)(?:[-_\d]|$)/;
/** What is sent like one, whatever it is called: a scheme with its credentials, or a JWT. */
const LOOKS_SECRET = /^(?:basic|bearer|digest|negotiate|token)\s|^eyJ[\w-]+\.[\w-]+\./i;

/**
 * The headers that become keys of a run's `config.configurable`, as on LangGraph's server: `x-*` and `user-agent`. Left out are
 * keys and tenants, what is added on the way, what is called like a secret, and what is very long.
 */
export function configurableHeaders(headers: Headers): JsonObject {
  const taken = [...headers].filter(
    ([name, value]) => isTaken(name.toLowerCase()) && value.length <= LONGEST_VALUE && !LOOKS_SECRET.test(value),
  );
  return Object.fromEntries(taken.slice(0, MOST).map(([name, value]) => [name.toLowerCase(), value]));
}

function isTaken(name: string): boolean {
  return isHeader(name) && !RESERVED.has(name) && !OF_THE_WAY.test(name) && !SECRET.test(name);
}
