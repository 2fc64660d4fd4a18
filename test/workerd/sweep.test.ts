import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { secureRandom } from "../../src/base/ids.ts";
import { readConfig } from "../../src/config.ts";
import { mintKey } from "../../src/security/keys.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { dueLiveRuns, upsertLiveRun } from "../../src/storage/live-runs.ts";
import { STARTUP, sweep } from "../../src/sweep.ts";
import { call, migrate } from "./client.ts";

let unmigrated: unknown;
const database = openDatabase(env.DB);
const everything = () => dueLiveRuns(database, Number.MAX_SAFE_INTEGER, 1000);
const uuid = (number: number) => `0190a5a0-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** Rows of runs that their threads know nothing of: the sweep's touch answers that they are not live. */
async function insert(count: number, dueAt: number, from = 0): Promise<void> {
  for (let index = from; index < from + count; index += 1) {
    await upsertLiveRun(database, "acme", { threadId: uuid(index), runId: uuid(index), dueAt, startedAt: 1 });
  }
}

beforeAll(async () => {
  const key = mintKey("acme", "test", secureRandom).key;
  const answer = await call("/graphs", { key });
  unmigrated = { status: answer.status, problem: await answer.json() };
  await migrate();
});

it("before its migrations a deployment says what it lacks", () => {
  const problem = { code: "misconfigured", detail: expect.stringContaining("migrations apply") as string };
  expect(unmigrated).toEqual({ status: 503, problem: expect.objectContaining(problem) as object });
});

it("a sweep removes the rows of runs that are not live, and leaves those that are not due", async () => {
  await insert(3, 1_000);
  await insert(2, 9_000, 3);
  await sweep(readConfig(env), "* * * * *", 5_000);
  expect((await everything()).map((run) => run.runId)).toEqual([uuid(3), uuid(4)]);
});

it("after a start every live run counts as due", async () => {
  await sweep(readConfig(env), STARTUP, 5_000);
  expect(await everything()).toEqual([]);
});

it("a sweep goes on past one batch", async () => {
  await insert(130, 1_000);
  await sweep(readConfig(env), "* * * * *", 5_000);
  expect(await everything()).toEqual([]);
});

it("a thread that fails its touch comes again later, and keeps no other from its turn", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await insert(2, 1_000);
  const config = readConfig(env);
  const broken = {
    ...config,
    threads: {
      idFromName: (name: string) => name,
      get: (name: string) => ({
        touch: () => (name.endsWith("0") ? Promise.reject(new Error("reset")) : Promise.resolve(false)),
      }),
    } as unknown as DurableObjectNamespace,
  };
  await sweep(broken, "* * * * *", 5_000);
  expect(await everything()).toEqual([expect.objectContaining({ runId: uuid(0), dueAt: 65_000 })]);
  expect(logged).toHaveBeenCalledTimes(1);
  logged.mockRestore();
});
