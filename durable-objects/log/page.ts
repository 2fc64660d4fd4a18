/** So many rows are read from the log at once, and no more once they weigh this (UTF-16 units). */
export const PAGE_LENGTH = 128;
const PAGE_WEIGHT = 1024 * 1024;

/** Rows read at once: what a reader holds in memory grows neither with the run nor with the size of its values. */
export interface Page<T> {
  readonly items: readonly T[];
  /** There may be more after these. */
  readonly isCut: boolean;
}

/** Takes rows as long as the page has room; `rows` holds at most {@link PAGE_LENGTH}. */
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
    if (room <= 0) return { items, isCut: true };
  }
  return { items, isCut: items.length === PAGE_LENGTH };
}
