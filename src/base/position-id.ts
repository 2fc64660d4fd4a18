import { isUuid } from "./ids.ts";

/**
 * Ids for positions of an ordered log, as RFC 9562 UUIDs of version 6 (section 5.6): first the time, then the position,
 * so that they sort as text in the order of the positions as long as the time never goes back.
 */

/** Milliseconds from the Gregorian reform, where versions 1 and 6 begin to count, to Unix time. */
const GREGORIAN_OFFSET_MS = 12_219_292_800_000n;

/**
 * @param atMs Unix milliseconds
 * @param position below 2^38; it takes the place of the clock sequence and the first half of the node
 * @param log 24 bits that tell logs apart; they take the other half of the node
 */
export function positionId(atMs: number, position: number, log: number): string {
  const ticks = (BigInt(Math.floor(atMs)) + GREGORIAN_OFFSET_MS) * 10_000n; // 60 bits of 100 ns
  const variant = 0x8000 | Math.floor(position / 2 ** 24);
  return [
    hex(ticks >> 28n, 8),
    hex((ticks >> 12n) & 0xffffn, 4),
    `6${hex(ticks & 0xfffn, 3)}`,
    hex(variant, 4),
    hex(position % 2 ** 24, 6) + hex(log & 0xff_ffff, 6),
  ].join("-");
}

/** The position that {@link positionId} put into an id; undefined for what is no UUID of version 6. */
export function positionOf(id: string): number | undefined {
  if (!isUuid(id) || id.charAt(14) !== "6") return undefined;
  return (Number.parseInt(id.slice(19, 23), 16) & 0x3fff) * 2 ** 24 + Number.parseInt(id.slice(24, 30), 16);
}

/** The bits that tell logs apart which {@link positionId} put into an id; undefined for what is no UUID of version 6. */
export function logOf(id: string): number | undefined {
  return positionOf(id) === undefined ? undefined : Number.parseInt(id.slice(30), 16);
}

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
