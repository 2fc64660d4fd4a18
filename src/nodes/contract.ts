import type { z } from "zod";
import type { ErrorRecord } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { NodeCompiler, NodeDefaults } from "../graph/kinds.ts";
import type { Models, Usage } from "../models/contract.ts";
import type { Effect, Scope, SharedChannels } from "../graph/plan.ts";
import type { Write } from "../engine/types.ts";
import type { MemoryStore } from "../memory/contract.ts";

/** A message as LangGraph's clients know it (langgraph-protocol, section 3): flat, `type` says who speaks. */
export interface AiMessage {
  readonly type: "ai";
  readonly id: string;
  readonly content: string;
  readonly tool_calls: readonly Json[];
  readonly invalid_tool_calls: readonly Json[];
  readonly additional_kwargs: { readonly [key: string]: Json };
  readonly response_metadata: { readonly [key: string]: Json };
  readonly usage_metadata?: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly total_tokens: number;
  };
}

export interface NodeResult {
  readonly writes: readonly Write[];
  readonly usage?: Usage & { readonly model: string };
  /** What the node said, for the `messages` stream; its text has been streamed by `say` before. */
  readonly message?: AiMessage;
  /** Targets, declared by `compiler.target`, that are taken besides the edges whose condition holds: node ids or "end". */
  readonly goto?: readonly string[];
  /** Activations with a payload of their own (R1) of such targets, in this order; only of a kind that says `sends`. */
  readonly sends?: readonly { readonly to: string; readonly payload: Json }[];
}

/** The task is not over (R8): it goes on at that time, or when the signal comes; its node is run again with `resumed` set. */
export interface NodeWait {
  /** Unix milliseconds; null: as long as it takes. */
  readonly waitUntil: number | null;
  readonly signal?: { readonly name: string; readonly key: string | null };
  readonly ask?: Question;
}

/** What somebody outside is asked; the run is interrupted when nothing else is left to do (R8). */
export interface Question {
  /** Tells a task's questions apart; one question may be answered several times, by several people. "" where left out. */
  readonly key?: string;
  /** Shown to who answers: the interrupt's value. */
  readonly value: Json;
  /** JSON Schema (2020-12) of an answer; one that does not fit is refused and ends nothing. */
  readonly schema?: JsonObject;
  /** Who may answer; everybody where left out. */
  readonly from?: readonly string[];
  /** Whoever answers has to say who it is: several answers are counted by that. */
  readonly named?: true;
}

/** An answer that has come. */
export interface GivenAnswer {
  /** Of the question. */
  readonly key: string;
  readonly by: string | null;
  readonly value: Json;
}

/** What a task is expected to use, before it begins: an upper bound. */
export interface Estimate {
  readonly tokens: number;
  /** 0 where no price is known. */
  readonly costUsd: number;
}

/** What a task may use while it runs. */
export interface NodeContext {
  readonly scope: Scope;
  readonly node: string;
  readonly attempt: number;
  /** Stable over attempts (G5). */
  readonly idempotencyKey: string;
  /** Id for the message this attempt streams; differs between attempts, so that followers never join two attempts' text. */
  readonly messageId: string;
  readonly signal: AbortSignal;
  /** To declared origins: providers and gateways. */
  readonly fetch: typeof fetch;
  /** To addresses from documents, tenants or models: public ones only (egress.public). */
  readonly publicFetch: typeof fetch;
  readonly models: Models;
  readonly store: MemoryStore;
  /** When the attempt began, Unix milliseconds. For waiting only: what a node writes must not depend on it. */
  readonly now: number;
  /** Set when the task has waited (NodeWait) and goes on. */
  readonly resumed?: {
    /** The time it was to wait for at most, Unix milliseconds; 0 where there was none. */
    readonly at: number;
    /** What the signal brought, if one ended the wait. */
    readonly payload?: Json;
  };
  /** All answers that this task has been given, in their order; empty before the first. */
  readonly answers: readonly GivenAnswer[];
  /** How often its waits have ended because their time had come. */
  readonly expired: number;
  /** When it first began to wait, Unix milliseconds; `now` before that. */
  readonly since: number;
  /**
   * A step inside the node that is not made twice: its result is a row of the log before `once` answers, and a later
   * attempt of the same task gets the row. Keys are unique within a task. @throws what `step` throws; that is not kept.
   */
  readonly once: <T extends Json>(key: string, step: () => T | Promise<T>) => Promise<T>;
  /** Streams a piece of the message with id `messageId`. */
  readonly say: (text: string) => void;
  /** Streams a custom event. */
  readonly emit: (value: Json) => void;
}

/**
 * A kind of node: how its part of a document looks, and how it runs.
 * `run` may answer at once (pure kinds) or with a promise; it fails by throwing an EdgewiseError.
 */
export interface NodeKind<Config, Compiled> {
  readonly kind: string;
  readonly summary: string;
  /** Of the node's own fields, without the common ones (`kind`, `join`, `retry`, `timeout`, `description`). */
  readonly schema: z.ZodType<Config>;
  /** Retry and timeout where the document says nothing; else one attempt and 120 s. */
  readonly defaults?: NodeDefaults;
  readonly effect: Effect;
  /** A document of a small graph around one such node, in YAML, which runs as it is: the page of the kind shows it. */
  readonly example?: string;
  /** Checks expressions, templates and channel names; problems go to the compiler, with their path. */
  compile(config: Config, compiler: NodeCompiler): Compiled;
  /** For a kind whose nodes differ: what an attempt at this one may do. */
  effectOf?(compiled: Compiled): Effect;
  /** For a kind that spends: what an attempt may use at most, to be reserved before it begins. */
  estimate?(compiled: Compiled, context: Pick<NodeContext, "scope" | "models">): Estimate;
  run(compiled: Compiled, context: NodeContext): NodeResult | NodeWait | Promise<NodeResult | NodeWait>;
}

/** One frame of a composite's task (R10). */
export interface FrameEntry {
  /** Its first writes, to channels of the inner graph. */
  readonly writes: readonly Write[];
}

/** How an activation of a composite begins: all of it from what its task sees. */
export interface Opening {
  /** One frame each, in this order; a subgraph has one, whose item is null. */
  readonly items: readonly Json[];
  /** Frames open at once. */
  readonly concurrency: number;
  /** A frame that can go no further because tasks in it failed: it holds the task (R9), or counts as over. */
  readonly tolerant: boolean;
  /** Of a race: when so many are done without a failure the others are cancelled. */
  readonly winners?: number;
}

/** Of a loop, or a saga: the turn that may come. */
export interface Turn {
  /** 0, 1, 2 … */
  readonly index: number;
  /** What the composite's task sees. */
  readonly outside: Scope;
  /** The state inside as the turn of that index begins with it, or, for one that is over, as it left it. */
  readonly inside: (index: number, item?: Json) => Scope;
  /** Of a saga: why the first turn, or what follows from its end, has failed. */
  readonly failed?: ErrorRecord;
  /** Of a saga: what the first turn has done that can be undone, in canonical order (R5). */
  readonly done?: readonly Done[];
}

/** A committed task that can be undone. */
export interface Done {
  readonly task: string;
  /** Its node, and the one that undoes it. */
  readonly node: string;
  readonly undo: string;
  /** What it wrote; where that were several writes to one channel, the list of them. */
  readonly writes: { readonly [channel: string]: Json };
  /** What a send handed over to it; null where none did. */
  readonly payload: Json;
}

/** How one frame ended, in the order of the items. */
export type FrameEnd =
  | {
      readonly ok: true;
      readonly item: Json;
      readonly index: number;
      /** To shared channels, and what `leave` gave. */
      readonly shared: readonly Write[];
      readonly writes: readonly Write[];
    }
  | { readonly ok: false; readonly item: Json; readonly index: number; readonly error: ErrorRecord };

/**
 * A kind whose activations run a graph in frames of their own (R10). It performs nothing: it says how frames begin and
 * what their ends come to, each purely, and the runtime does the rest.
 */
export interface CompositeKind<Config, Compiled> extends Omit<NodeKind<Config, Compiled>, "run" | "defaults"> {
  /** An activation has a frame for each of several items, and their expressions know `item` and `index`. */
  readonly many: boolean;
  /** A saga: the frame that `next` asks for holds the task when something in it fails, even though the task bears failures (R9). */
  readonly holds?: boolean;
  /** Its frames begin at nodes that no edge leads to, which `begins` names: the compiler makes them starts. */
  readonly calls?: boolean;
  /** A loop (0013): each frame begins with the state that the one before it left, and `next` says whether there is one. */
  readonly carries?: boolean;
  /** The item of the next turn (null where it has none), or undefined when the loop is over. */
  next?(compiled: Compiled, turn: Turn): Json | undefined;
  shares(compiled: Compiled): SharedChannels;
  open(compiled: Compiled, scope: Scope): Opening;
  enter(compiled: Compiled, scope: Scope): FrameEntry;
  /** The node inside that a frame begins at, instead of the inner graph's starts: declared by the plan's `undo`, or by `calls`. */
  begins?(compiled: Compiled, item: Json): string | undefined;
  /** What leaves one frame: evaluated on its last state. Writes to shared channels come beside it. */
  leave(compiled: Compiled, scope: Scope): readonly Write[];
  /** What the task writes in the end. */
  close(compiled: Compiled, ends: readonly FrameEnd[]): readonly Write[];
}
