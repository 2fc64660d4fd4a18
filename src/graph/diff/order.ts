/** Keys that stand elsewhere among the others: as few as explain the new order (all but a longest increasing run). */
export function movedKeys(before: readonly string[], after: readonly string[]): Set<string> {
  const places = new Map(before.map((key, index) => [key, index]));
  const common = after.filter((key) => places.has(key));
  const stay = longestIncreasing(common.map((key) => places.get(key) ?? 0));
  return new Set(common.filter((_, index) => !stay.has(index)));
}

/** Positions of a longest strictly increasing subsequence (patience sorting). */
function longestIncreasing(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const previous: number[] = [];
  for (const [index, value] of values.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = tails[low - 1] ?? -1;
    tails[low] = index;
  }
  const kept = new Set<number>();
  for (let at = tails.at(-1) ?? -1; at !== -1; at = previous[at] ?? -1) kept.add(at);
  return kept;
}

export interface Orders {
  readonly base: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

export interface MergedOrder {
  readonly keys: readonly string[];
  /** Both sides moved the same keys, each in a way of its own; `keys` follows ours. */
  readonly conflict: boolean;
}

/**
 * Three orders merged. The keys that all three have follow the side that moved them; what a side added stays behind the
 * key it was put behind. Two additions at one place go by their names, so that it does not matter which side is ours.
 */
export function mergeOrder(orders: Orders, survives: (key: string) => boolean): MergedOrder {
  const [inOurs, inTheirs] = [new Set(orders.ours), new Set(orders.theirs)];
  const common = new Set(orders.base.filter((key) => inOurs.has(key) && inTheirs.has(key)));
  const among = (keys: readonly string[]): string[] => keys.filter((key) => common.has(key));
  const [base, ours, theirs] = [among(orders.base), among(orders.ours), among(orders.theirs)];
  const oursMoved = !equalLists(ours, base);
  const conflict = oursMoved && !equalLists(theirs, base) && !equalLists(ours, theirs);
  const [runsOfOurs, runsOfTheirs] = [runs(orders.ours, common), runs(orders.theirs, common)];
  const keys: string[] = [];
  const placed = new Set<string>();
  const place = (key: string): void => {
    if (!placed.has(key) && survives(key)) keys.push(key);
    placed.add(key);
  };
  for (const anchor of [undefined, ...(oursMoved ? ours : theirs)]) {
    if (anchor !== undefined) place(anchor);
    for (const key of joined(runsOfOurs.get(anchor) ?? [], runsOfTheirs.get(anchor) ?? [])) place(key);
  }
  return { keys, conflict };
}

/** What stands behind each common key (undefined: before all of them). */
function runs(keys: readonly string[], common: ReadonlySet<string>): Map<string | undefined, string[]> {
  const found = new Map<string | undefined, string[]>();
  let run: string[] = [];
  found.set(undefined, run);
  for (const key of keys) {
    if (common.has(key)) found.set(key, (run = []));
    else run.push(key);
  }
  return found;
}

function joined(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const [one, other] = [ours[0], theirs[0]];
  return one !== undefined && other !== undefined && other < one ? [...theirs, ...ours] : [...ours, ...theirs];
}

function equalLists(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((key, index) => key === other[index]);
}
