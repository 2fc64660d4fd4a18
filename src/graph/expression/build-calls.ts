import type { ASTNode } from "@marcbachmann/cel-js";
import type { Json } from "../../base/json.ts";
import { nearest } from "../problems.ts";
import type { Builder } from "./build.ts";
import { burn } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { FUNCTIONS, METHODS } from "./functions.ts";
import { buildMacro, isMacro } from "./macros.ts";
import { buildMatches } from "./matches.ts";
import { isList, isMap } from "./values.ts";

export function buildCall(builder: Builder, node: ASTNode, name: string, args: readonly ASTNode[]): Run {
  if (name === "has") return buildHas(builder, node, args);
  if (name === "default") return buildDefault(builder, node, args);
  const implementation = FUNCTIONS.get(`${name}/${args.length}`);
  const values = args.map((argument) => builder.build(argument));
  if (implementation === undefined) return unknown(builder, node, name, args.length, "function", FUNCTIONS);
  return (frame) =>
    implementation(
      frame,
      values.map((value) => value(frame)),
    );
}

export function buildMethod(
  builder: Builder,
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
): Run {
  if (isMacro(name, receiver, args)) return buildMacro(builder, name, receiver, args);
  const target = builder.build(receiver);
  if (name === "matches" && args.length === 1 && args[0] !== undefined) return buildMatches(builder, target, args[0]);
  const implementation = METHODS.get(`${name}/${args.length}`);
  const values = [target, ...args.map((argument) => builder.build(argument))];
  if (implementation === undefined) return unknown(builder, node, name, args.length, "method", METHODS);
  return (frame) =>
    implementation(
      frame,
      values.map((value) => value(frame)),
    );
}

const TIME_HINT = "There is no clock here: time comes as a value, timestamp(run.started_at).";
/** What people look for, and will not find: the same expression gives the same value whenever it is evaluated. */
const NO_CLOCK: ReadonlyMap<string, string> = new Map([
  ["now", TIME_HINT],
  ["today", TIME_HINT],
  ["uuid", "There is nothing random here: run.id is a value that no other run has."],
  ["random", "There is nothing random here: what is decided by chance comes from a node."],
]);

function unknown(
  builder: Builder,
  node: ASTNode,
  name: string,
  count: number,
  what: "function" | "method",
  known: ReadonlyMap<string, unknown>,
): Run {
  const arities = [...known.keys()]
    .filter((key) => key.startsWith(`${name}/`))
    .map((key) => key.slice(name.length + 1));
  if (arities.length > 0) {
    const message = `The ${what} ${name}() takes ${arities.join(" or ")} arguments, not ${count}.`;
    return builder.mistake(node, "wrong_arguments", message);
  }
  const clockless = NO_CLOCK.get(name);
  if (clockless !== undefined)
    return builder.mistake(node, "unknown_function", `There is no ${what} ${name}().`, clockless);
  const near = nearest(
    name,
    [...known.keys()].map((key) => key.split("/")[0] ?? ""),
  );
  return builder.mistake(
    node,
    "unknown_function",
    `There is no ${what} ${name}().`,
    near === undefined ? undefined : `Did you mean ${near}()?`,
  );
}

/** `has(state.x)`, `has(state.x.y)`: whether there is such a value; false too where something before it is missing. */
function buildHas(builder: Builder, node: ASTNode, args: readonly ASTNode[]): Run {
  const asked = args[0];
  if (args.length !== 1 || asked === undefined)
    return builder.mistake(node, "wrong_arguments", "has() takes one argument.");
  const probe = buildProbe(builder, asked);
  return (frame) => probe(frame) !== undefined;
}

/** `default(state.x.y, 0)`: the value, or the other where there is none, or nothing before it. */
function buildDefault(builder: Builder, node: ASTNode, args: readonly ASTNode[]): Run {
  const [asked, otherwise] = args;
  if (args.length !== 2 || asked === undefined || otherwise === undefined)
    return builder.mistake(node, "wrong_arguments", "default() takes two arguments.");
  if (asked.op !== "." && asked.op !== "[]" && asked.op !== "id") {
    const message = "default() asks for what may be absent: default(state.x, 0) or default(state.x.y, 0).";
    return builder.mistake(asked, "wrong_arguments", message);
  }
  const probe = buildProbe(builder, asked);
  const fallback = builder.build(otherwise);
  return (frame) => {
    const value = probe(frame);
    return value === undefined ? fallback(frame) : value;
  };
}

function buildProbe(builder: Builder, node: ASTNode): (frame: Frame) => Json | undefined {
  const channel = builder.channelOf(node);
  if (channel !== undefined) {
    if (!builder.readsChannel(node, channel)) return () => undefined;
    return (frame) => frame.scope.read(channel);
  }
  if (node.op === "id" && node.args === "payload") return (frame) => frame.scope.payload;
  const global = builder.globalOf(node);
  if (global !== undefined) return (frame) => frame.scope.globals?.[global];
  const known = builder.globalFieldOf(node);
  if (known !== undefined && !builder.knowsField(node, known)) return () => undefined;
  if (known !== undefined && node.op === "[]")
    return (frame) => fieldOf(frame.scope.globals?.[known.global], known.field);
  if (node.op === "[]") return buildElementProbe(builder, node);
  if (node.op !== ".") {
    if (node.op === "id") return builder.build(node);
    return builder.mistake(node, "wrong_arguments", "has() asks for a field: has(state.x) or has(state.x.y).");
  }
  const [target, key] = node.args;
  const around = buildProbe(builder, target);
  return (frame) => {
    burn(frame, 1);
    return fieldOf(around(frame), key);
  };
}

/** An item of a list, or a field whose name is worked out. */
function buildElementProbe(builder: Builder, node: Extract<ASTNode, { op: "[]" }>): (frame: Frame) => Json | undefined {
  const around = buildProbe(builder, node.args[0]);
  const key = builder.build(node.args[1]);
  return (frame) => {
    burn(frame, 1);
    const value = around(frame);
    const name = key(frame);
    if (typeof name === "string") return fieldOf(value, name);
    return value !== undefined && isList(value) && typeof name === "number" ? value[name] : undefined;
  };
}

function fieldOf(value: Json | undefined, key: string): Json | undefined {
  return value !== undefined && isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
