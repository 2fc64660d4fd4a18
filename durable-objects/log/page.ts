/** So many rows are read from the log at once, and no more once they weigh this (UTF-16 units). */
export const PAGE_LENGTH = 128;
const PAGE_WEIGHT = 1024 * 1024;

/** What a streamed piece gathers around itself when it is shown: a frame of a few letters is this long all the same. */
const FRAME_WEIGHT = 600;

/** What a chunk weighs when it is shown. `text`: its pieces as JSON. */
export function chunkWeight(pieces: number, text: number): number {
  return pieces * FRAME_WEIGHT + text;
}

/** Rows read at once: what a reader holds in memory grows neither with the run nor with the size of its values. */
export interface Page<T> {
  readonly items: readonly T[];
  /** There may be more after these. */
  readonly isCut: boolean;
}

/** Takes rows as long as the page has room, at most {@link PAGE_LENGTH}. */
export function pageOf<Row, T>(
  rows: Iterable<Row>,
  read: (row: Row) => { readonly item: T; readonly weight: number },
): Page<T> {
  const items: T[] = [];
  let room = PAGE_WEIGHT;
  for (const row of rows) {
    const { item, weight } = read(row);
    items.push(item);
    room -= weight;
    if (room <= 0 || items.length === PAGE_LENGTH) return { items, isCut: true };
  }
  return { items, isCut: false };
}
