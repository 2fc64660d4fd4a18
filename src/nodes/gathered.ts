import type { NodeCompiler } from "../graph/kinds.ts";
import type { Write } from "../engine/types.ts";
import type { FrameEnd } from "./contract.ts";
import type { Passage } from "./inside.ts";

/** Outer channels without a reducer: they get the list of what the items gave. */
export function listsOf({ output }: Passage, compiler: NodeCompiler): ReadonlySet<string> {
  const isLast = (name: string): boolean => compiler.channel(name, ["output", name])?.reducer === "last";
  return new Set(output.map(({ channel }) => channel).filter(isLast));
}

/** A channel that folds gets each item's value as a write of its own; one that does not gets the list of them. */
export function gathered(
  { lists, output }: Pick<Passage, "output"> & { readonly lists: ReadonlySet<string> },
  ends: readonly FrameEnd[],
): Write[] {
  const done = ends.filter((end) => end.ok);
  const writes = done.flatMap((end) => end.writes);
  const single = writes.filter(({ channel }) => !lists.has(channel));
  const listed = output.flatMap(({ channel }): Write[] => {
    if (!lists.has(channel)) return [];
    return [{ channel, value: writes.filter((write) => write.channel === channel).map(({ value }) => value) }];
  });
  return [...done.flatMap((end) => end.shared), ...single, ...listed];
}
