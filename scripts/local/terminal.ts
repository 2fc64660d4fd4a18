import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Everything that is printed goes through here: colours on a terminal only (NO_COLOR honoured), lines whole. */
export interface Terminal {
  line(text?: string): void;
  /** A piece of running text; the next line starts below it. */
  write(text: string): void;
  readonly style: (style: Style, text: string) => string;
}

export function openTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  let midLine = false;
  return {
    line(text = "") {
      stream.write(`${midLine ? "\n" : ""}${text}\n`);
      midLine = false;
    },
    write(text) {
      if (text === "") return;
      stream.write(text);
      midLine = !text.endsWith("\n");
    },
    style: (style, text) => styleText(style, text, { stream, validateStream: true }),
  };
}

export function seconds(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function count(value: number, noun: string): string {
  return `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;
}
