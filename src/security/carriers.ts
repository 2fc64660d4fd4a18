/** Where a request may carry its API key. Whatever the carrier, the same key gives the same answer. */
export const SUBPROTOCOL_PREFIX = "edgewise.key.";

export type Presented =
  | { readonly kind: "none" }
  | { readonly kind: "key"; readonly key: string }
  /** Something was presented that is no key, or two carriers disagree: refused, also where no key is needed. */
  | { readonly kind: "unusable" };

export function presentedKey(headers: Headers): Presented {
  const found = [bearer(headers.get("authorization")), headers.get("x-api-key"), ...subprotocols(headers)];
  const presented = new Set(found.filter((key) => key !== null));
  const [key] = presented;
  if (key === undefined) return { kind: "none" };
  return presented.size === 1 && key !== "" ? { kind: "key", key } : { kind: "unusable" };
}

/** An unknown scheme counts as an empty key: presented, and good for nothing. */
function bearer(authorization: string | null): string | null {
  if (authorization === null) return null;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
}

/** A browser's WebSocket can set no header but this one. */
function subprotocols(headers: Headers): readonly string[] {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
  return offered
    .filter((protocol) => protocol.startsWith(SUBPROTOCOL_PREFIX))
    .map((protocol) => protocol.slice(SUBPROTOCOL_PREFIX.length));
}
