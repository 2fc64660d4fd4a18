/** How a model is to speak. */
export interface Pace {
  readonly tokens: number;
  readonly perSecond: number;
  /** When to begin, in microseconds of the machine's clock; at once if left out. */
  readonly from?: number;
}

export const writePace = ({ tokens, perSecond, from = 0 }: Pace): string =>
  `${tokens} tokens at ${perSecond} a second from ${from}`;

/** @throws Error when the text is no pace */
export function readPace(text: string): Required<Pace> {
  const [, tokens, perSecond, from] = /(\d+) tokens at (\d+) a second from (\d+)/.exec(text) ?? [];
  if (tokens === undefined || perSecond === undefined) throw new Error(`No pace: ${text}`);
  return { tokens: Number(tokens), perSecond: Number(perSecond), from: Number(from) };
}

/** Microseconds of the machine's own clock, which all its processes share. */
export const clock = (): number => Number(process.hrtime.bigint() / 1000n);

/** A token: the time it was said. */
export const stamp = (): string => `${clock()};`;

/** Milliseconds since each of the tokens in the text was said. */
export function agesOf(text: string): readonly number[] {
  const now = clock();
  const ages: number[] = [];
  for (const each of text.split(";")) if (each !== "") ages.push((now - Number(each)) / 1000);
  return ages;
}
