import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Where a verb writes: results for other programs to `result`, everything else to `note`. */
export interface Output {
  result(text: string): void;
  note(text: string): void;
  /** Somebody looks at the results, so that a line of the source is worth showing. */
  readonly isTerminal: boolean;
  style(style: Style, text: string): string;
}

/** Colours on a terminal only (NO_COLOR honoured). */
export function openOutput(): Output {
  const stream = process.stdout;
  // Nobody reads on, as after `| head`: that is no failure.
  stream.on("error", () => process.exit(0));
  return {
    result: (text) => void stream.write(text),
    note: (text) => void process.stderr.write(text),
    isTerminal: stream.isTTY === true,
    style: (style, text) => styleText(style, text, { stream, validateStream: true }),
  };
}
