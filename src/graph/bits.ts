/** Sets of small integers as rows of 32-bit words: what makes reach an O(1) question (R3). */
export type Bits = Uint32Array;

export function emptyBits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5);
}

export function hasBit(bits: Bits, index: number): boolean {
  return ((word(bits, index >>> 5) >>> (index & 31)) & 1) === 1;
}

export function setBit(bits: Bits, index: number): void {
  bits[index >>> 5] = word(bits, index >>> 5) | (1 << (index & 31));
}

export function clearBit(bits: Bits, index: number): void {
  bits[index >>> 5] = word(bits, index >>> 5) & ~(1 << (index & 31));
}

/** `target` becomes the union of both. */
export function addBits(target: Bits, other: Bits): void {
  for (let at = 0; at < target.length; at += 1) target[at] = word(target, at) | word(other, at);
}

/** How many members two sets share. */
export function countCommon(one: Bits, other: Bits): number {
  let count = 0;
  for (let at = 0; at < one.length; at += 1) {
    for (let rest = word(one, at) & word(other, at); rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}

/** The 32 members from `at * 32` on. */
export function word(bits: Bits, at: number): number {
  return bits[at] ?? 0;
}
