import { type EdgewiseError, failure } from "../../src/base/errors.ts";
import { uuidv5 } from "../../src/base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { TaskId } from "../../src/engine/types.ts";
import { compileValueSchema } from "../../src/graph/value-schema/compile.ts";
import type { Question } from "../../src/nodes/contract.ts";
import type { Answer, Ask } from "../log/entry.ts";
import type { Open } from "./waits.ts";

/** 32 hexadecimal digits, the same in every schedule: whose run, which task, which of its questions (G9). */
export function questionId(lineage: string, task: TaskId, key: string): string {
  // A lone surrogate has no bytes to be hashed: two keys that differ in one must not meet in one id.
  const name = key.isWellFormed() ? `${task}#${key}` : `${task}!${JSON.stringify(key)}`;
  return uuidv5(name, lineage).replaceAll("-", "");
}

/** A node's question, as the log keeps it. */
export function questionOf(lineage: string, task: TaskId, { key = "", value, schema, from, named }: Question): Ask {
  return {
    id: questionId(lineage, task, key),
    kind: "gate",
    value,
    ...(schema === undefined ? {} : { schema }),
    ...(from === undefined ? {} : { from }),
    ...(key === "" ? {} : { key }),
    ...(named === true ? { named } : {}),
  };
}

/** What somebody says to a task whose outcome is unknown: it is done, with what it wrote; it is to be made again; it has failed. */
export const DECISION: JsonObject = {
  type: "object",
  properties: { decision: { enum: ["done", "repeat", "fail"] }, writes: { type: "object" } },
  required: ["decision"],
  additionalProperties: false,
};

/** Where the parts of an answer stand in the body that brought it. */
export interface AnswerPlace {
  readonly value: readonly string[];
  readonly by: readonly string[];
}
const OF_ITS_OWN: AnswerPlace = { value: ["value"], by: ["by"] };

/** @throws EdgewiseError `invalid_answer` with a pointer, for an answer that the question does not take from this person */
export function checkAnswer({ ask, answers }: Open, { by, value }: Answer, place = OF_ITS_OWN): void {
  if (ask.from !== undefined && (by === null || !ask.from.includes(by))) {
    const who = by === null ? "Nobody" : `"${by.slice(0, 80)}"`;
    const message = `${who} was not asked; these were: ${ask.from.slice(0, 20).join(", ")}. Say who answers in \`by\`.`;
    throw failure("invalid_answer", message, { pointer: toPointer(place.by) });
  }
  if (ask.named === true && by === null) {
    const message = "Several people are asked: say who answers in `by`.";
    throw failure("invalid_answer", message, { pointer: toPointer(place.by) });
  }
  if (answers.some((given) => given.by === by && by !== null))
    throw failure("wait_over", `"${by ?? ""}" has answered this already.`, { pointer: toPointer(place.by) });
  if (ask.schema === undefined) return;
  const schema = compileValueSchema(ask.schema);
  const fault = schema.ok ? schema.schema.check(value) : undefined;
  if (fault === undefined) return;
  const pointer = toPointer([...place.value, ...fault.path]);
  throw failure("invalid_answer", `The answer does not fit what was asked: ${fault.message}.`, { pointer });
}

/** 409 with what is open (G9). */
export function waitOver(message: string, open: readonly Open[]): EdgewiseError {
  const listed = open.slice(0, 100).map(({ ask, task }): Json => ({ id: ask.id, task }));
  return failure("wait_over", message, { details: { open: listed } });
}

export function isDecision(value: Json): value is { decision: "done" | "repeat" | "fail"; writes?: JsonObject } {
  return isJsonObject(value) && typeof value["decision"] === "string";
}
