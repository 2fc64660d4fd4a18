import type { ASTNode } from "@marcbachmann/cel-js";
import type { Json } from "../../base/json.ts";
import type { GlobalName } from "../plan.ts";
import { nearest } from "../problems.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { buildCall, buildMethod } from "./build-calls.ts";
import { GLOBAL_NAMES, isLocal } from "./globals.ts";
import type { Globals, Local, ObjectName } from "./globals.ts";
import type { Language } from "./language.ts";
import { buildOperator, isOperator } from "./operators.ts";
import { asBool, asIndex, isList, isMap, typeName } from "./values.ts";

/** A mistake in an expression's text, at offsets into it. */
export interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly hint?: string;
}

/** Turns a parsed expression into closures, resolving every name while it does; mistakes are collected, not thrown. */
export class Builder {
  readonly mistakes: Mistake[] = [];
  /** Channels the expression may read. */
  readonly reads = new Set<string>();
  /** It fails where the task has no payload. */
  needsPayload = false;
  readonly #channels: ReadonlySet<string>;
  readonly #globals: Globals;
  readonly #locals: string[] = [];

  constructor({ channels, globals }: Pick<Language, "channels" | "globals">) {
    this.#channels = channels;
    this.#globals = globals;
  }

  build(node: ASTNode): Run {
    const run = this.#piece(node);
    return (frame) => {
      burn(frame, 1);
      return run(frame);
    };
  }

  mistake(node: ASTNode, code: string, message: string, hint?: string): Run {
    this.mistakes.push({ code, message, start: node.start, end: node.end, ...(hint === undefined ? {} : { hint }) });
    return () => null;
  }

  /** Builds a piece in which one more variable is known; gives the place its value is kept at. */
  bind(variable: ASTNode, piece: ASTNode): { readonly slot: number; readonly run: Run } {
    const name = variable.op === "id" ? variable.args : undefined;
    if (name === undefined || this.#isTaken(name)) {
      const others = [...new Set([...GLOBAL_NAMES, ...this.#globals.locals])].join(", ");
      const message = `A macro's first argument names its variable: any name but state, payload, ${others}.`;
      return { slot: 0, run: this.mistake(variable, "invalid_macro", message) };
    }
    const slot = this.#locals.push(name) - 1;
    const run = this.build(piece);
    this.#locals.pop();
    return { slot, run };
  }

  #isTaken(name: string): boolean {
    if (name === "state" || name === "payload") return true;
    return GLOBAL_NAMES.has(name) || this.#globals.locals.includes(name as Local);
  }

  /** The channel that `state.name` or `state["name"]` means; undefined for any other expression. */
  channelOf(node: ASTNode): string | undefined {
    if (node.op === "." && this.#isState(node.args[0])) return node.args[1];
    if (node.op !== "[]" || !this.#isState(node.args[0])) return undefined;
    const [, key] = node.args;
    return key.op === "value" && typeof key.args === "string" ? key.args : undefined;
  }

  /** Notes that a channel is read; false (and a mistake) when there is none of that name. */
  readsChannel(node: ASTNode, channel: string): boolean {
    if (!this.#channels.has(channel)) {
      const near = nearest(channel, this.#channels);
      const hint = near === undefined ? "Declare it under channels." : `Did you mean state.${near}?`;
      this.mistake(node, "unknown_channel", `There is no channel "${channel}".`, hint);
      return false;
    }
    this.reads.add(channel);
    return true;
  }

  /** The global that is meant as a whole, such as `item`; undefined for any other expression. */
  globalOf(node: ASTNode): GlobalName | undefined {
    if (node.op !== "id") return undefined;
    const name = node.args;
    if (this.#globals.locals.includes(name as Local)) return name as Local;
    return this.#globals.objects.has(name as ObjectName) ? (name as ObjectName) : undefined;
  }

  /** The field of a global that `vars.name` or `vars["name"]` means; undefined for any other expression. */
  globalFieldOf(node: ASTNode): { readonly global: ObjectName; readonly field: string } | undefined {
    if (node.op !== "." && node.op !== "[]") return undefined;
    const global = this.globalOf(node.args[0]);
    if (global === undefined || isLocal(global)) return undefined;
    const key = node.args[1];
    if (typeof key === "string") return { global, field: key };
    return key.op === "value" && typeof key.args === "string" ? { global, field: key.args } : undefined;
  }

  /** False (and a mistake) when it is known which fields there are, and this is none of them. */
  knowsField(node: ASTNode, { global, field }: { readonly global: ObjectName; readonly field: string }): boolean {
    const known = this.#globals.objects.get(global);
    if (known === undefined || known.has(field)) return true;
    const near = nearest(field, known.keys());
    const hint = near === undefined ? MISSING_FIELD[global] : `Did you mean ${global}.${near}?`;
    this.mistake(node, "unknown_field", `There is no ${global}.${field.slice(0, 80)}.`, hint);
    return false;
  }

  #isState(node: ASTNode): boolean {
    return node.op === "id" && node.args === "state" && !this.#locals.includes("state");
  }

  #piece(node: ASTNode): Run {
    if (isOperator(node)) return buildOperator(this, node);
    switch (node.op) {
      case "value":
        return this.#literal(node, node.args);
      case "id":
        return this.#name(node, node.args);
      case ".":
      case "[]":
        return this.#access(node);
      case "call":
        return buildCall(this, node, node.args[0], node.args[1]);
      case "rcall":
        return buildMethod(this, node, node.args[0], node.args[1], node.args[2]);
      case "list":
        return this.#list(node.args);
      case "map":
        return this.#map(node.args);
      case "?:":
        return this.#choice(node.args);
      case ".?":
      case "[?]":
        return this.mistake(node, "unsupported_expression", `"${node.op}" is not supported.`);
    }
  }

  #literal(node: ASTNode, value: unknown): Run {
    if (typeof value === "bigint") {
      const number = Number(value);
      if (!Number.isSafeInteger(number))
        return this.mistake(node, "number_too_large", `${value} is beyond JSON's exact integers.`);
      return () => number;
    }
    if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") {
      return () => value;
    }
    const what = value instanceof Uint8Array ? 'bytes (b"…")' : "unsigned integers (1u)";
    return this.mistake(node, "unsupported_expression", `JSON has no ${what}.`);
  }

  #name(node: ASTNode, name: string): Run {
    const slot = this.#locals.lastIndexOf(name);
    if (slot >= 0) return (frame) => frame.locals[slot] ?? null;
    if (name === "payload") {
      this.needsPayload = true;
      return readPayload;
    }
    if (name === "state") {
      const message = "state is not a value by itself: name a channel.";
      return this.mistake(node, "invalid_state_access", message, "Write state.<channel>.");
    }
    const global = this.globalOf(node);
    if (global !== undefined) return (frame) => readGlobal(frame, global);
    return this.mistake(node, "unknown_variable", `There is no variable "${name}".`, this.#hintFor(name));
  }

  #hintFor(name: string): string {
    if (this.#channels.has(name)) return `Did you mean state.${name}?`;
    for (const object of ["vars", "params"] as const) {
      if (this.#globals.objects.get(object)?.has(name) === true) return `Did you mean ${object}.${name}?`;
    }
    if (name === "answer") return "answer is known where a gate judges one.";
    if (name === "answers") return "answers is known in the questions of a gate.";
    if (name === "item" || name === "index") return `${name} is known in the graph of a map.`;
    return `An expression knows state, payload, ${[...this.#globals.objects.keys(), ...this.#globals.locals].join(", ")}.`;
  }

  #access(node: Extract<ASTNode, { op: "." | "[]" }>): Run {
    const channel = this.channelOf(node);
    if (channel !== undefined) {
      if (!this.readsChannel(node, channel)) return () => null;
      return (frame) => readChannel(frame, channel);
    }
    const known = this.globalFieldOf(node);
    if (known !== undefined) {
      if (!this.knowsField(node, known)) return () => null;
      return (frame) => readGlobalField(frame, known.global, known.field);
    }
    const target = this.build(node.args[0]);
    if (node.op === ".") {
      const key = node.args[1];
      return (frame) => field(target(frame), key);
    }
    const index = this.build(node.args[1]);
    return (frame) => element(target(frame), index(frame));
  }

  #list(nodes: readonly ASTNode[]): Run {
    const items = nodes.map((item) => this.build(item));
    return (frame) => {
      frame.composes = true;
      return items.map((item) => item(frame));
    };
  }

  #map(nodes: readonly (readonly [ASTNode, ASTNode])[]): Run {
    const entries = nodes.map(([key, value]) => [this.build(key), this.build(value)] as const);
    // fromEntries defines properties: a key "__proto__" is data
    return (frame) => {
      frame.composes = true;
      return Object.fromEntries(entries.map(([key, value]) => [mapKey(key(frame)), value(frame)]));
    };
  }

  #choice([condition, yes, no]: readonly [ASTNode, ASTNode, ASTNode]): Run {
    const [test, then, otherwise] = [this.build(condition), this.build(yes), this.build(no)];
    return (frame) => (asBool(test(frame), "the condition before ?") ? then(frame) : otherwise(frame));
  }
}

function readPayload(frame: Frame): Json {
  if (frame.scope.payload !== undefined) return frame.scope.payload;
  throw new Fault("payload is absent: no send activated this task");
}

function readChannel(frame: Frame, channel: string): Json {
  const value = frame.scope.read(channel);
  if (value !== undefined) return value;
  throw new Fault(
    `state.${channel} is absent: nothing upstream has written it and it has no default; ask with has(state.${channel})`,
  );
}

const MISSING_FIELD: Readonly<Record<ObjectName, string>> = {
  vars: "Declare it under variables.",
  params: "Declare it under parameters.",
  config: "Declare it under config, in properties.",
  context: "Declare it under context, in properties.",
  run: "A run has id, thread_id and started_at.",
};

function readGlobal(frame: Frame, name: GlobalName): Json {
  const value = frame.scope.globals?.[name];
  if (value !== undefined) return value;
  throw new Fault(`${name} is absent here; ask with has(${name})`);
}

function readGlobalField(frame: Frame, name: ObjectName, key: string): Json {
  const target = readGlobal(frame, name);
  const value = isMap(target) && Object.hasOwn(target, key) ? target[key] : undefined;
  if (value !== undefined) return value;
  throw new Fault(`${name}.${key} is absent: the run was given none; ask with has(${name}.${key})`);
}

function field(target: Json, key: string): Json {
  if (!isMap(target)) throw new Fault(`${typeName(target)} has no field "${key}"`);
  const value = Object.hasOwn(target, key) ? target[key] : undefined;
  if (value === undefined) throw new Fault(`there is no field "${key}"; ask with has()`);
  return value;
}

function element(target: Json, key: Json): Json {
  if (!isList(target)) return field(target, mapKey(key));
  const index = asIndex(key, "the index of a list");
  const value = target[index];
  if (value === undefined) throw new Fault(`the index ${index} is outside of a list of ${target.length}`);
  return value;
}

function mapKey(key: Json): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "boolean") return String(key);
  throw new Fault(`a key must be a string, not ${typeName(key)}`);
}
