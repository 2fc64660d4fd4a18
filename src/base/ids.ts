import { createHash } from "node:crypto";

/** A source of random bytes; handed in, so that ids can be made in tests and replayed. */
export type RandomBytes = (count: number) => Uint8Array;

export const secureRandom: RandomBytes = (count) => crypto.getRandomValues(new Uint8Array(count));

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Of whatever version, in either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** RFC 9562, section 5.7: sorts as text by time, to the millisecond. */
export function uuidv7(nowMs: number, random: RandomBytes): string {
  const bytes = new Uint8Array(16);
  let rest = Math.floor(nowMs);
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random(10), 6);
  return formatUuid(bytes, 7);
}

/** RFC 9562, section 5.5: the same name in the same namespace always gives the same id. */
export function uuidv5(name: string, namespace: string): string {
  const digest = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name, "utf8");
  return formatUuid(new Uint8Array(digest.digest()).slice(0, 16), 5);
}

function formatUuid(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
