import { expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { JsonObject } from "../src/base/json.ts";
import { crash, openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { RunView } from "./thread-api.ts";

// Found by `npm run proof -- chaos`: killed twice, an unsafe effect was made twice on one "repeat".

const GRAPH: JsonObject = {
  channels: { out: {} },
  nodes: { own: { kind: "charge", effect: "unsafe" } },
  edges: [{ from: "start", to: "own" }],
};

const until = async (isTrue: () => boolean | Promise<boolean>) => {
  while (!(await isTrue())) await scheduler.wait(5);
};

async function repeat(thread: TestThread): Promise<RunView> {
  const { tenant, threadId } = thread;
  const [asked] = unwrap(await thread.api.interruptsOf({ tenant, threadId }));
  const runId = uuidv7(Date.now(), secureRandom);
  const value = { decision: "repeat" };
  const command = { tenant, threadId, interruptId: asked?.id ?? "nothing is asked", value, by: null, runId };
  return unwrap(await thread.api.answerInterrupt(command)).run;
}

it("[design 3] an answer to repeat an unsafe attempt counts for one attempt: when that dies too, it is asked again", async () => {
  let attempts = 0;
  let isSlow = true;
  ownKind("charge", async () => {
    attempts += 1;
    if (isSlow) await scheduler.wait(60_000);
    return { writes: [{ channel: "out", value: attempts }] };
  });
  const thread = openThread();
  const command = startOf(thread, GRAPH);
  unwrap(await thread.api.startRun(command));
  await until(() => attempts === 1);
  await crash(thread);
  const first = unwrap(await thread.api.joinRun(command));
  expect(first.run.status).toBe("interrupted");

  const second = await repeat(thread);
  await until(() => attempts === 2);
  await crash(thread);
  const ended = unwrap(await thread.api.joinRun({ ...command, runId: second.run_id }));
  expect([ended.run.status, attempts]).toEqual(["interrupted", 2]);

  isSlow = false;
  const third = await repeat(thread);
  const { run, values } = unwrap(await thread.api.joinRun({ ...command, runId: third.run_id }));
  expect([run.status, values, attempts]).toEqual(["success", { out: 3 }, 3]);
  expect(unwrap(await thread.api.interruptsOf(command))).toEqual([]);
});
