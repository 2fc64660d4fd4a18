import type { ASTNode } from "@marcbachmann/cel-js";
import type { Json } from "../../base/json.ts";
import type { Builder } from "./build.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { asBool, isList, isMap, typeName } from "./values.ts";

const MACROS: ReadonlySet<string> = new Set([
  "all/2",
  "exists/2",
  "exists_one/2",
  "filter/2",
  "map/2",
  "map/3",
  "bind/3",
]);

export function isMacro(name: string, receiver: ASTNode, args: readonly ASTNode[]): boolean {
  if (!MACROS.has(`${name}/${args.length}`)) return false;
  return name !== "bind" || (receiver.op === "id" && receiver.args === "cel");
}

/** Macros bind a variable to each item in turn: a loop over what is there, never longer. */
export function buildMacro(builder: Builder, name: string, receiver: ASTNode, args: readonly ASTNode[]): Run {
  const [variable, second, third] = args;
  if (variable === undefined || second === undefined) return () => null;
  if (name === "bind" && third !== undefined) return buildBind(builder, variable, second, third);
  const range = builder.build(receiver);
  const { slot, run } = builder.bind(variable, second);
  const each: Each = (frame, visit) => {
    for (const item of itemsOf(frame, range(frame))) {
      burn(frame, 1);
      frame.locals[slot] = item;
      if (visit(item)) return;
    }
  };
  const test = (frame: Frame): boolean => asBool(run(frame), `the condition of ${name}()`);
  switch (name) {
    case "all":
      return (frame) => !decided(frame, each, test, false);
    case "exists":
      return (frame) => decided(frame, each, test, true);
    case "exists_one":
      return (frame) => collect(frame, each, test, (item) => item).length === 1;
    case "filter":
      return (frame) => collect(frame, each, test, (item) => item);
    default:
      return buildMap(builder, each, variable, run, test, third);
  }
}

type Each = (frame: Frame, visit: (item: Json) => boolean) => void;

function buildMap(
  builder: Builder,
  each: Each,
  variable: ASTNode,
  run: Run,
  test: (frame: Frame) => boolean,
  third?: ASTNode,
): Run {
  if (third === undefined)
    return (frame) =>
      collect(
        frame,
        each,
        () => true,
        () => run(frame),
      );
  const value = builder.bind(variable, third).run;
  return (frame) => collect(frame, each, test, () => value(frame));
}

function buildBind(builder: Builder, variable: ASTNode, value: ASTNode, piece: ASTNode): Run {
  const bound = builder.build(value);
  const { slot, run } = builder.bind(variable, piece);
  return (frame) => {
    frame.locals[slot] = bound(frame);
    return run(frame);
  };
}

/** Whether some item gives `wanted`. An item that fails does not matter if another decides (CEL). */
function decided(frame: Frame, each: Each, test: (frame: Frame) => boolean, wanted: boolean): boolean {
  let found = false;
  let fault: Fault | undefined;
  each(frame, () => {
    try {
      found = test(frame) === wanted;
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !thrown.absorbable) throw thrown;
      fault ??= thrown;
    }
    return found;
  });
  if (!found && fault !== undefined) throw fault;
  return found;
}

function collect(frame: Frame, each: Each, keep: (frame: Frame) => boolean, make: (item: Json) => Json): Json[] {
  const made: Json[] = [];
  frame.composes = true;
  each(frame, (item) => {
    if (keep(frame)) made.push(make(item));
    return false;
  });
  return made;
}

/** Of a list its items, of a map its keys. */
function itemsOf(frame: Frame, range: Json): readonly Json[] {
  if (isList(range)) return range;
  if (!isMap(range)) throw new Fault(`a macro goes over a list or a map, not ${typeName(range)}`);
  const keys = Object.keys(range);
  burn(frame, keys.length >> 3);
  return keys;
}
