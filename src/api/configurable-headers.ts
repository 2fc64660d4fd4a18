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
  /(?:^|-)(?:auth|authorization|cookie|credential|credentials|jwt|key|password|secret|session|signature|token)$/;

/**
 * The headers that become keys of a run's `config.configurable`, as on LangGraph's server: `x-*` and `user-agent`. Left out are
 * keys and tenants, what is added on the way, what is called like a secret, and what is very long.
 */
export function configurableHeaders(headers: Headers): JsonObject {
  const taken = [...headers].filter(([name, value]) => isTaken(name.toLowerCase()) && value.length <= LONGEST_VALUE);
  return Object.fromEntries(taken.slice(0, MOST).map(([name, value]) => [name.toLowerCase(), value]));
}

function isTaken(name: string): boolean {
  return isHeader(name) && !RESERVED.has(name) && !OF_THE_WAY.test(name) && !SECRET.test(name);
}
