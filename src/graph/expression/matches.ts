import type { ASTNode } from "@marcbachmann/cel-js";
import type { Json } from "../../base/json.ts";
import type { Builder } from "./build.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { compilePattern } from "./pattern.ts";
import type { Matcher, Pattern } from "./pattern.ts";
import { PatternMistake } from "./pattern-parse.ts";
import { asText } from "./values.ts";

/** `text.matches(pattern)`: a pattern that is a literal is compiled, and refused, with the expression. */
export function buildMatches(builder: Builder, target: Run, argument: ASTNode): Run {
  if (argument.op === "value" && typeof argument.args === "string") {
    try {
      const pattern = compilePattern(argument.args);
      return (frame) => occurs(frame, matcherOf(frame, pattern), target(frame));
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

/** Kept for one evaluation, and no longer: fuel must not depend on what was evaluated before. */
function matcherOf(frame: Frame, pattern: Pattern): Matcher {
  frame.matchers ??= new Map();
  const known = frame.matchers.get(pattern) ?? pattern.matcher();
  frame.matchers.set(pattern, known);
  return known;
}

function compileAtRun(frame: Frame, source: string): Pattern {
  burn(frame, source.includes("{") ? 300 : 50);
  burn(frame, source.length * 4);
  try {
    const pattern = compilePattern(source);
    burn(frame, pattern.size);
    return pattern;
  } catch (thrown) {
    if (thrown instanceof PatternMistake) throw new Fault(thrown.message);
    throw thrown;
  }
}

function occurs(frame: Frame, matcher: Matcher, text: Json): boolean {
  return matcher.occursIn(asText(text, "what matches() is called on"), (steps) => burn(frame, steps));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
