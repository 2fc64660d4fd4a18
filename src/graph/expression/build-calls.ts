import type { ASTNode } from "@marcbachmann/cel-js";
import type { Json } from "../../base/json.ts";
import { nearest } from "../problems.ts";
import type { Builder } from "./build.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { FUNCTIONS, METHODS } from "./functions.ts";
import { buildMacro, isMacro } from "./macros.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { PatternMistake } from "./pattern-parse.ts";
import { asText, isMap } from "./values.ts";

export function buildCall(builder: Builder, node: ASTNode, name: string, args: readonly ASTNode[]): Run {
  if (name === "has") return buildHas(builder, node, args);
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

function buildProbe(builder: Builder, node: ASTNode): (frame: Frame) => Json | undefined {
  const channel = builder.channelOf(node);
  if (channel !== undefined) {
    if (!builder.readsChannel(node, channel)) return () => undefined;
    return (frame) => frame.scope.read(channel);
  }
  if (node.op === "id" && node.args === "payload") return (frame) => frame.scope.payload;
  if (node.op !== ".") {
    if (node.op === "id") return builder.build(node);
    return builder.mistake(node, "wrong_arguments", "has() asks for a field: has(state.x) or has(state.x.y).");
  }
  const [target, key] = node.args;
  const around = buildProbe(builder, target);
  return (frame) => {
    burn(frame, 1);
    const value = around(frame);
    return value !== undefined && isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  };
}

function buildMatches(builder: Builder, target: Run, argument: ASTNode): Run {
  if (argument.op === "value" && typeof argument.args === "string") {
    try {
      const pattern = compilePattern(argument.args);
      return (frame) => occurs(frame, pattern, target(frame));
    } catch (thrown) {
      if (!(thrown instanceof PatternMistake)) throw thrown;
      return builder.mistake(argument, "invalid_pattern", `${capital(thrown.message)}.`);
    }
  }
  const source = builder.build(argument);
  return (frame) => {
    const text = target(frame);
    const pattern = compileAtRun(frame, asText(source(frame), "the pattern of matches()"));
    return occurs(frame, pattern, text);
  };
}

function compileAtRun(frame: Frame, source: string): Pattern {
  burn(frame, 50 + source.length * 2);
  try {
    return compilePattern(source);
  } catch (thrown) {
    if (thrown instanceof PatternMistake) throw new Fault(thrown.message);
    throw thrown;
  }
}

/** A step of the fuel is this many places of the machine: one takes a few nanoseconds. */
const PLACES_PER_STEP = 16;

function occurs(frame: Frame, pattern: Pattern, text: Json): boolean {
  let owed = 0;
  return pattern.occursIn(asText(text, "what matches() is called on"), (places) => {
    owed += places;
    if (owed < PLACES_PER_STEP) return;
    burn(frame, Math.floor(owed / PLACES_PER_STEP));
    owed %= PLACES_PER_STEP;
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
