import { type Case, fits, type Place, play } from "./case.ts";
import type { Version } from "./contract.ts";

/** How one case went with one client at one place. */
export interface Result {
  readonly name: string;
  readonly about: readonly string[];
  /** A version of the client, `RemoteGraph`, `browser` …, and whether with a key. */
  readonly with: string;
  readonly milliseconds: number;
  /** Undefined when it held. */
  readonly fault?: string;
}

/** Plays cases side by side, a few at a time. Never throws: what fails is in the results. */
export async function playAll(
  cases: readonly Case[],
  versions: readonly Version[],
  places: readonly Place[],
  { atOnce = 6, isLong = false } = {},
): Promise<Result[]> {
  const todo = cases
    .filter(({ long }) => isLong || long !== true)
    .flatMap((one) =>
      versions
        .filter((version) => fits(version, one))
        .flatMap((version) => places.map((place) => ({ one, version, place }))),
    );
  const results: Result[] = [];
  const worker = async () => {
    for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
      const { one, version, place } = next;
      results.push(
        await tried(
          one,
          `${version}${place.key === undefined ? ", open" : ""}`,
          () => play(one, version, place),
          one.long ? 420 : 30,
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

export async function tried(
  { name, about }: Pick<Case, "name" | "about">,
  who: string,
  work: () => Promise<unknown>,
  withinSeconds = 30,
): Promise<Result> {
  const startedAt = performance.now();
  const fault = await inTime(work(), withinSeconds).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const milliseconds = Math.round(performance.now() - startedAt);
  return { name, about, with: who, milliseconds, ...(fault !== undefined && { fault }) };
}

/** A case that hangs is a case that fails. */
function inTime(work: Promise<unknown>, seconds: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not over after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
