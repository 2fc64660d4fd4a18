import { Random } from "../../../../src/engine/testing/random.ts";

export type Family =
  | "flat"
  | "map"
  | "loop"
  | "race"
  | "waits"
  | "signals"
  | "retries"
  | "errors"
  | "unsafe"
  | "streams"
  | "gates"
  | "sagas"
  | "forks"
  | "big"
  | "hold";

export type Values = Readonly<Record<string, unknown>>;

/** A graph with what must come of it, said by a model that knows nothing of the engine. */
export interface Program {
  readonly id: string;
  readonly family: Family;
  /** Without id and format. */
  readonly document: object;
  /** Runs on one thread, one after another. */
  readonly runs: number;
  /** @param n which run of its thread: 0, 1 … */
  input(mark: string, n: number): Record<string, unknown>;
  /** These channels after the n-th run, if nothing else is said of them; undefined: the run is never to end by itself. */
  expected(mark: string, n: number): Values | undefined;
  /** What a client sends while it runs. */
  signals?(mark: string): readonly Signal[];
  /** Its effect is unsafe: an attempt that was cut off is not made again by itself, and somebody is asked what became of it. */
  readonly isUnsafe?: true;
  /** When it is over, a run is started from one of its checkpoints, and must come to the same. */
  readonly forks?: true;
  /** The answer to a question that it asks; absent where it asks none. */
  answer?(mark: string, question: Question, ledger: Happened): unknown;
  /** What must have been done in the world when it is over, in the double's words. */
  effects?(mark: string): readonly string[];
}

export interface Question {
  readonly id: string;
  readonly kind: string;
  readonly node: string;
}

/** Whether the double has been asked for that. */
export type Happened = (what: string) => boolean;

export interface Signal {
  readonly name: string;
  readonly key: string | null;
  readonly payload: unknown;
}

export interface Making {
  readonly random: Random;
  readonly id: string;
  /** Where the provider's double listens. */
  readonly url: string;
}

export type Maker = (making: Making) => Program;

export type Edge = { readonly from: string; readonly to: string };

export const set = (channels: Record<string, string>) => ({ kind: "transform", set: channels });
export const chained = (...nodes: readonly string[]): Edge[] =>
  nodes.flatMap((to, index) => ({ from: index === 0 ? "start" : (nodes[index - 1] ?? "start"), to }));

/** From `least` to `most`, both included. */
export const between = (random: Random, least: number, most: number) => least + random.below(most - least + 1);

/** CEL's text of a text that has no quotes. */
export const quoted = (text: string) => `'${text}'`;
