import { EdgewiseError, failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json } from "../../src/base/json.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Outcome, Write } from "../../src/engine/types.ts";
import type { Channel } from "../../src/graph/channels.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { StartRun } from "../thread-api.ts";
import { type Given, globalsOf } from "./globals.ts";
import type { Values } from "./playback.ts";
import { scopeAfter } from "./scope.ts";
import { checkDeletions } from "./deletions.ts";
import { toWrite } from "./writes.ts";

/**
 * What a run's input comes to (R7): writes to the channels the graph takes input for, and the start edges it takes.
 * @throws EdgewiseError `invalid_request`, `unknown_channel`, `invalid_write` or `condition_failed`, with a pointer into the body.
 */
export function readInput(command: StartRun, plan: Plan, base: Values, given: Given): Outcome {
  checkWhole(command.input, plan);
  return startedBy(plan, inputWrites(command, plan), base, given);
}

/** What those writes and the start edges come to. @throws EdgewiseError `condition_failed` */
export function startedBy(plan: Plan, writes: readonly Write[], base: Values, given: Given): Outcome {
  const seen = {
    globals: globalsOf(plan, given),
    read: (name: string) =>
      base.has(name) ? base.get(name) : plan.channels.find((channel) => channel.name === name)?.default,
  };
  pointed("/input", () => checkDeletions(plan, writes, seen));
  return { writes, ...route(plan, "start", scopeAfter(plan, seen, writes)) };
}

/**
 * The part of {@link readInput} that does not depend on the state.
 * @throws EdgewiseError `invalid_request`, `unknown_channel` or `invalid_write`, with a pointer into the body.
 */
export function checkInput(command: StartRun, plan: Plan): void {
  checkWhole(command.input, plan);
  inputWrites(command, plan);
}

function checkWhole(input: Json, plan: Plan): void {
  const fault = input === null ? undefined : plan.inputSchema?.check(input);
  if (fault === undefined) return;
  const pointer = toPointer(["input", ...fault.path]);
  throw failure("invalid_request", `The input does not fit the graph "${plan.id}": ${fault.message}.`, { pointer });
}

function inputWrites(command: StartRun, plan: Plan): Write[] {
  const { input, runId } = command;
  if (input === null) return [];
  if (!isJsonObject(input)) {
    throw failure("invalid_request", "`input` must be an object of channel values, or null.", { pointer: "/input" });
  }
  return Object.entries(input).map(([name, value]) => {
    const channel = plan.channels.find((candidate) => candidate.name === name);
    if (!channel || !plan.input.includes(name)) throw unknownInput(name, plan);
    return checked(plan, channel, value, runId);
  });
}

function checked(plan: Plan, channel: Channel, value: Json, runId: string): Write {
  return pointed("/input", () => toWrite(plan, channel, value, (index) => `${runId}:input:${index}`), channel.name);
}

/** @throws EdgewiseError what `check` throws, with a pointer into the body */
function pointed<T>(at: string, check: () => T, channel?: string): T {
  try {
    return check();
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError)) throw thrown;
    const below = thrown.record.pointer ?? toPointer(channel === undefined ? [] : [channel]);
    throw new EdgewiseError({ ...thrown.record, pointer: `${at}${below}` });
  }
}

function unknownInput(name: string, plan: Plan): EdgewiseError {
  return failure(
    "unknown_channel",
    `The graph "${plan.id}" takes no input "${name}"; it takes ${plan.input.join(", ") || "none"}.`,
    {
      pointer: toPointer(["input", name]),
    },
  );
}
