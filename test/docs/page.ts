import { parse } from "yaml";

/** A fenced block of a Markdown page: ```` ```yaml graph offline ```` has the language `yaml` and two words. */
export interface Fence {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
}

/** What a `yaml run` block under a graph says: what a run is given, and what it gives. `…` in a text stands for anything. */
export interface ShownRun {
  /** The runs of a graph that say the same here run on one thread, in their order. */
  readonly thread?: string;
  readonly input?: unknown;
  readonly context?: unknown;
  readonly config?: unknown;
  /** What the run's question shows, and who answers it in what order. */
  readonly asked?: unknown;
  readonly answers?: readonly { readonly by: string; readonly value: unknown }[];
  /** The run's whole result. */
  readonly result?: unknown;
  /** Parts of the run's error. */
  readonly error?: object;
  /** The events of the `custom` stream, in order. */
  readonly custom?: readonly unknown[];
}

/** A `yaml graph` block. */
export interface ShownGraph {
  readonly id: string;
  readonly text: string;
  /** It calls somebody else's server, so it is checked and not run. */
  readonly needsNetwork: boolean;
  readonly runs: readonly ShownRun[];
}

/** A command of a `console` block, behind `$ `, and the lines that it prints. */
export interface ShownCommand {
  readonly command: string;
  readonly output: string;
}

export function fencesOf(page: string): readonly Fence[] {
  return [...page.matchAll(/^```(\S+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, language = "", words = "", text = ""]) => ({
    language,
    words: words.split(" ").filter((word) => word !== ""),
    text,
  }));
}

/** The page's graphs in their order, each with the runs that stand between it and the next one. */
export function graphsOf(page: string): readonly ShownGraph[] {
  const graphs: (Omit<ShownGraph, "runs"> & { runs: ShownRun[] })[] = [];
  for (const { language, words, text } of fencesOf(page)) {
    if (language !== "yaml") continue;
    if (words[0] === "graph") graphs.push({ id: idOf(text), text, needsNetwork: words.includes("network"), runs: [] });
    // a page of our own; what does not fit makes its test fail
    if (words[0] === "run") graphs.at(-1)?.runs.push(parse(text) as ShownRun);
  }
  return graphs;
}

export function idOf(graph: string): string {
  const id = /^id: (.*?)(?: *#.*)?$/m.exec(graph)?.[1];
  if (id === undefined) throw new Error(`This graph has no id:\n${graph}`);
  return id;
}

export function commandsOf(page: string): readonly ShownCommand[] {
  return fencesOf(page)
    .filter(({ language }) => language === "console")
    .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
    .map((entry) => {
      const end = entry.indexOf("\n");
      return { command: entry.slice(0, end), output: entry.slice(end + 1) };
    });
}

/** Whether a value is the one that is shown, where `…` in a text stands for anything. */
export function isShown(value: unknown, shown: unknown): boolean {
  if (typeof shown === "string") return typeof value === "string" && isShownText(value, shown);
  if (Array.isArray(shown)) {
    return Array.isArray(value) && value.length === shown.length && shown.every((each, at) => isShown(value[at], each));
  }
  if (typeof shown !== "object" || shown === null) return Object.is(value, shown);
  if (typeof value !== "object" || value === null) return false;
  const [found, expected] = [Object.entries(value), new Map(Object.entries(shown))];
  return found.length === expected.size && found.every(([name, each]) => isShown(each, expected.get(name)));
}

function isShownText(text: string, shown: string): boolean {
  const parts = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`).test(text);
}
