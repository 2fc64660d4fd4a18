import { EdgewiseError } from "../base/errors.ts";
import { fromPointer, toPointer } from "../base/pointer.ts";
import { checkpointPointer, type NamedCheckpoint } from "./checkpoint.ts";

/**
 * The Thread object takes commands in one form and points into that; a body may have been written in another. Here a pointer
 * is led back to what was sent.
 */
export async function pointedInto<T>(body: object, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof EdgewiseError) || error.record.pointer === undefined) throw error;
    const path = placeIn(body as Sent, fromPointer(error.record.pointer), error.code === "unknown_channel");
    throw new EdgewiseError({ ...error.record, pointer: toPointer(path) });
  }
}

interface Sent extends NamedCheckpoint {
  readonly values?: unknown;
  readonly command?: { readonly update?: unknown; readonly goto?: unknown } | null;
}

/** @param isName whether the channel's name is at fault, and not its value */
function placeIn(body: Sent, path: readonly string[], isName: boolean): readonly string[] {
  const [first, second = "", third = "", ...rest] = path;
  if (first === "values") return ["values", ...channelIn(body.values, second, isName), ...path.slice(2)];
  if (first === "checkpoint_id") return fromPointer(checkpointPointer(body) ?? "/checkpoint_id");
  if (first !== "command") return path;
  if (second === "update") return [first, second, ...channelIn(body.command?.update, third, isName), ...rest];
  if (second === "goto") return [first, second, ...targetIn(body.command?.goto, Number(third))];
  return path;
}

/** By name in an object; in a list by place, as a pair or within an object. */
function channelIn(values: unknown, name: string, isName: boolean): readonly string[] {
  if (!Array.isArray(values)) return [name];
  const index = values.findIndex((each: unknown) => (Array.isArray(each) ? each[0] === name : holds(each, name)));
  if (index < 0) return [];
  return [String(index), Array.isArray(values[index]) ? (isName ? "0" : "1") : name];
}

function holds(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name);
}

/** @param place among the targets that are nodes: `__end__` is none */
function targetIn(goto: unknown, place: number): readonly string[] {
  if (!Array.isArray(goto)) return nodeIn(goto);
  const places = goto.flatMap((target: unknown, index) => (target === "__end__" ? [] : [index]));
  const index = places[place] ?? 0;
  return [String(index), ...nodeIn(goto[index])];
}

function nodeIn(target: unknown): readonly string[] {
  return typeof target === "object" ? ["node"] : [];
}
