import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/errors.ts";

import { type AnyNodeKind, nodeKinds } from "../../src/nodes/registry.ts";
import { ThreadStore } from "../../durable-objects/log/store.ts";
import { crash, openThread } from "../../durable-objects/testing/open-thread.ts";
import { act, refusalOf, serveBy } from "../sim/kind.ts";
import { isKilled, LIKENESS_RUN, likenessOf } from "../sim/likeness.ts";
import { likenessCommand } from "../sim/likeness-command.ts";
import expected from "../sim/likeness.json" with { type: "json" };

/** All of them with `npm run proof -- sim`, some with every change. */
const SCENARIOS = env.TEST_LIKENESSES;
const AT_ONCE = 10;

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  (nodeKinds as Map<string, AnyNodeKind>).set(act.kind, act);
  serveBy({
    call: async (_, answer, latencyMs) => {
      await scheduler.wait(latencyMs);
      if (answer.kind === "ok") return null;
      throw refusalOf(answer);
    },
  });
});

async function likenessOnWorkerd(number: number): Promise<string> {
  const thread = openThread();
  const { tenant, threadId } = thread;
  const command = likenessCommand(number, nodeKinds, { tenant, threadId, runId: LIKENESS_RUN });
  unwrap(await thread.api.startRun(command));
  if (isKilled(number)) {
    await scheduler.wait(3 + (number % 20));
    await crash(thread);
  }
  const { run } = unwrap(await thread.api.joinRun(command));
  const { values } = unwrap(await thread.api.getThread(thread));
  const entries = await runInDurableObject(thread.stub, (_, { storage }) =>
    [...new ThreadStore(storage.sql).commits(0, Number.MAX_SAFE_INTEGER)].map(({ entry }) => entry),
  );
  return likenessOf(entries, run.status, values);
}

describe("what the simulator says of a run", () => {
  it(`is what workerd makes of it, in ${SCENARIOS} scenarios, killed on their way or not`, {
    timeout: 120_000,
  }, async () => {
    const differing: string[] = [];
    const numbers = Array.from({ length: SCENARIOS }, (_, number) => number).values();
    const lane = async (): Promise<void> => {
      for (const number of numbers) {
        const is = await likenessOnWorkerd(number);
        if (is !== expected[number]) differing.push(`${number}: ${is}, simulated ${expected[number]}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    expect(differing).toEqual([]);
  });
});
