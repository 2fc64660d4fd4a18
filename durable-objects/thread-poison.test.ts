import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { MOST_LOSSES } from "./run/recovery.ts";
import { crash, openThread, startOf } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

describe("a node that brings its object down", () => {
  it("[F1, G6] is tried again after so many restarts, and then fails for good; what is finished stays", {
    timeout: 60_000,
  }, async () => {
    let begun = 0;
    ownKind("deadly", async () => {
      begun += 1;
      await new Promise(() => undefined);
      return { writes: [] };
    });
    const thread = openThread();
    const command = startOf(thread, {
      channels: { good: {}, problem: {} },
      nodes: {
        good: { kind: "transform", set: { good: "true" } },
        deadly: { kind: "deadly", on_error: { to: "end", write: "problem" } },
      },
      edges: [
        { from: "start", to: "good" },
        { from: "good", to: "deadly" },
      ],
    });
    unwrap(await thread.api.startRun(command));
    for (let times = 0; times <= MOST_LOSSES; times += 1) {
      await expect.poll(() => begun, { timeout: 10_000, interval: 5 }).toBe(times + 1);
      expect(unwrap(await thread.api.getRun(command)).status).toBe("running");
      await crash(thread);
      await thread.api.getRun(command).catch(() => undefined);
    }
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.status).toBe("success");
    expect(values).toMatchObject({ good: true, problem: { code: "attempt_lost", node: "deadly" } });
    expect(begun).toBe(MOST_LOSSES + 1);
  });
});
