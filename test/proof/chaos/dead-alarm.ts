import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../../e2e/api.ts";
import { ROUTES } from "./points.ts";
import { prepareRawServer, type RawServer } from "./raw-server.ts";

/** F5 on the real runtime: it gives an alarm up that has thrown seven times, and says nothing; the sweep finds the run. */
export interface DeadAlarm {
  /** How often it was called until it was given up. */
  readonly thrown: number;
  /** From the end of the fault to the run's end, milliseconds; absent when it did not end. */
  readonly revivedAfterMs?: number;
}

const PAUSE = {
  edgewise: 1,
  id: "pause",
  channels: { mark: {}, told: {} },
  nodes: { pause: { kind: "wait", for: "2s" }, tell: { kind: "transform", set: { told: "state.mark" } } },
  edges: [
    { from: "start", to: "pause" },
    { from: "pause", to: "tell" },
  ],
};
/** The seventh call comes after some 145 s; the first sweep of a minute later begins the count anew. */
const GIVEN_UP_WITHIN_MS = 300_000;
/** The pause before an eighth would be twice the last one; so long a silence is enough to call it given up. */
const SILENCE_MS = 15_000;
const REVIVED_WITHIN_MS = 60_000;
/** Of the seventh call: the runtime counts from 0. */
const LAST_RETRY = 6;

/** Takes about three minutes. */
export async function playDeadAlarm(worker: string): Promise<DeadAlarm> {
  const server = await prepareRawServer(worker, { EDGEWISE_MODEL: "builtin/extractive" });
  try {
    await server.start(() => {});
    await call(server, "POST", "/graphs", PAUSE);
    await control(server, ROUTES.alarms, { throw: true });
    const body = { assistant_id: PAUSE.id, input: { mark: "here" }, on_completion: "keep" };
    const run = await call<{ run_id: string; thread_id: string }>(server, "POST", "/runs", body);
    const thrown = await untilGivenUp(server);
    await control(server, ROUTES.alarms, { throw: false });
    const healedAt = Date.now();
    // As cron does once a minute. Nobody else asks for the run: that alone would wake it.
    await control(server, ROUTES.sweep, { cron: "* * * * *" });
    for (;;) {
      await sleep(500);
      const { status } = await call<{ status: string }>(server, "GET", `/threads/${run.thread_id}/runs/${run.run_id}`);
      if (status === "success") return { thrown, revivedAfterMs: Date.now() - healedAt };
      if (Date.now() > healedAt + REVIVED_WITHIN_MS) return { thrown };
    }
  } finally {
    await server.remove();
  }
}

async function untilGivenUp(server: RawServer): Promise<number> {
  const startedAt = Date.now();
  for (;;) {
    await sleep(1_000);
    const { retries } = await control<{ retries: number }>(server, ROUTES.alarms, {});
    if (retries >= LAST_RETRY || Date.now() - startedAt > GIVEN_UP_WITHIN_MS) break;
  }
  await sleep(SILENCE_MS);
  return (await control<{ retries: number }>(server, ROUTES.alarms, {})).retries + 1;
}

async function control<Answer>({ url }: RawServer, path: string, body: object): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
  return (await response.json()) as Answer;
}
