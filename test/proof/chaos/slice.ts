import { setTimeout as sleep } from "node:timers/promises";
import { cancels, type Client, ledgers, type Office, scenes, Work } from "./clients.ts";
import { playDeadAlarm } from "./dead-alarm.ts";
import { Endings } from "./endings.ts";
import { liveRunRows } from "./index-rows.ts";
import { type Fault, judge, type Verdict } from "./judge.ts";
import { isThere, type Kill, planKills } from "./kills.ts";
import { judgeLedger } from "./ledger-judge.ts";
import { Lives } from "./lives.ts";
import { readLogs } from "./log-files.ts";
import { POINTS, ROUTES } from "./points.ts";
import { Port } from "./port.ts";
import { documentOf, makePrograms, type Programs } from "./programs/programs.ts";
import type { Happened } from "./programs/program.ts";
import { Provider } from "./provider.ts";
import { prepareRawServer } from "./raw-server.ts";
import { recoveriesOf } from "./recovery.ts";
import { Ledger } from "./record.ts";
import { sabotage } from "./sabotage.ts";
import { published } from "./sdk-client.ts";
import type { Settings } from "./settings.ts";
import type { Slice } from "./slices.ts";

/** An object's alarm is never further away than this; only then does anybody ask for what was left to itself. */
const LEASE_MS = 5_000;
/** Notices are sent within a lease, and what a crash left in the index is swept within two minutes. */
const INDEX_PATIENCE_MS = 130_000;
const SWEEP_EVERY_MS = 10_000;

export const CHAOS_WORKER = "test/proof/chaos/worker.ts";

/** Kills, lets everything come to its end, and judges. @param say a line for the person who waits */
export async function playSlice(settings: Settings, say: (line: string) => void): Promise<Slice> {
  const startedAt = performance.now();
  say(`seed ${settings.seed}`);
  const provider = await Provider.start();
  const variables = {
    OPENAI_API_KEY: "told",
    OPENAI_BASE_URL: `${provider.url}/v1`,
    EDGEWISE_MODEL: "builtin/extractive",
  };
  const server = await prepareRawServer(CHAOS_WORKER, variables);
  const lives = new Lives(server, provider);
  const alarm = settings.deadAlarm ? playDeadAlarm(CHAOS_WORKER) : undefined;
  // It is waited for in the end.
  alarm?.catch(() => {});
  try {
    await lives.start();
    const programs = makePrograms(settings.seed, settings.ofEach, provider.url);
    const happened = (what: string) => provider.hasBeenAsked(what);
    const calmFrom = performance.now();
    const endings = await playCalmly(lives, programs, happened);
    const pace = paceOf(performance.now() - calmFrom);
    say(`a life is ${pace.toFixed(1)} times as long as on an idle machine`);
    const parts = await partsOf(server.url);
    provider.calls.length = 0;
    const { ledger, unexpected } = await killUnderWork(
      lives,
      settings,
      { programs, happened },
      planKills(settings.seed, settings.kills, parts, pace),
      say,
    );
    const port = new Port(lives, new AbortController().signal);
    if (settings.sabotages.length > 0) say(`sabotage: ${settings.sabotages.join(", ")}`);
    await sabotage(settings.sabotages, { port, ledger, programs, happened });
    const readyAt = lives.all.at(-1)?.readyAt ?? 0;
    const verdict = await judge(port, ledger, endings, readyAt + settings.patienceMs);
    for (const findings of Map.groupBy(verdict.findings, ({ fault }) => fault).values()) {
      for (const { fault, what } of findings.slice(0, 12)) say(`${fault}: ${what}`);
    }
    const index = await indexAtRest(lives, verdict.findings.length > 0 ? 0 : INDEX_PATIENCE_MS);
    await server.kill();
    for (const [line, count] of lives.said) say(`the server said, ${count} times: ${line}`);
    const evidence = { lives, ledger, verdict, provider, index, unexpected: [...unexpected, ...port.unexpected] };
    const alarms = alarm === undefined ? {} : { alarm: await alarm };
    const seconds = (performance.now() - startedAt) / 1000;
    return { ...sliceOf(settings, evidence, parts, say), ...alarms, seconds };
  } finally {
    await server.remove();
    provider.stop();
  }
}

/** Publishes the programs and plays each once. @throws when that does not come to an end: nothing can be proved then */
async function playCalmly(lives: Lives, programs: Programs, happened: Happened): Promise<Endings> {
  const calm = new Port(lives, AbortSignal.timeout(MOST_CALM_MS));
  try {
    for (const program of programs.all) await calm.ask("POST", "/graphs", { body: documentOf(program) });
    return await Endings.record(calm, programs, happened);
  } catch (thrown) {
    const [why = "nobody said why"] = calm.unexpected;
    throw new Error(`The programs do not run on a server that nobody disturbs: ${why}`, { cause: thrown });
  }
}

/** What all programs need beside each other on two idle cores. */
const CALM_MS = 2_500;
const MOST_CALM_MS = 60_000;

/** On a busy machine the same life is not the same work, and a task may be cut off twenty times only (`attempt_lost`). */
function paceOf(calmMs: number): number {
  return Math.min(4, Math.max(1, calmMs / CALM_MS));
}

/** All clients at work from before the first kill until after the last one. */
async function killUnderWork(
  lives: Lives,
  settings: Settings,
  { programs, happened }: Pick<Office, "programs" | "happened">,
  kills: readonly Kill[],
  say: (line: string) => void,
) {
  const ledger = new Ledger();
  const [stop, giveUp] = [new AbortController(), new AbortController()];
  const port = new Port(lives, giveUp.signal);
  const at = (name: string, count: number, client: Client) =>
    Array.from({ length: count }, (_, index) =>
      client(new Work({ port, ledger, programs, happened }, `${name}${index}`, settings.seed, stop.signal), index),
    );
  const { clients } = settings;
  const work = Promise.allSettled([
    ...at("scene", clients.scenes, scenes),
    ...at("sdk", clients.published, published),
    ...at("big", clients.ledgers, ledgers),
    ...at("hold", clients.cancels, cancels),
  ]);
  const probe = new Work({ port, ledger, programs, happened }, "probe", settings.seed, stop.signal);
  lives.work = () =>
    Promise.all(
      programs.scenes.map(async (program) => {
        if (program.family !== "streams") return;
        const run = await probe.start(program, probe.mark(), 0, undefined);
        await (run.seen === undefined ? probe.join(run) : probe.follow(run));
      }),
    );
  await sleep(300);
  await lives.endure(kills, () => {
    if (lives.kills % 20 === 0) say(`${lives.kills} kills, ${ledger.runs.length} runs acknowledged`);
  });
  stop.abort();
  const settled = new AbortController();
  await Promise.race([work, sleep(settings.patienceMs, undefined, { signal: settled.signal }).catch(() => {})]);
  settled.abort();
  giveUp.abort();
  for (const ended of await work) if (ended.status === "rejected") say(`a client gave up: ${String(ended.reason)}`);
  if (settings.leavesAlone) await sleep(Math.max(0, (lives.all.at(-1)?.readyAt ?? 0) + LEASE_MS + 1_000 - Date.now()));
  return { ledger, unexpected: port.unexpected };
}

async function partsOf(url: string): Promise<ReadonlySet<string>> {
  const answer = (await (await fetch(`${url}${ROUTES.parts}`)).json()) as Record<string, boolean>;
  return new Set(Object.keys(answer).filter((part) => answer[part]));
}

/** How many live runs the index still names in the end. Cron never fires on workerd alone: the sweep is called. */
async function indexAtRest(lives: Lives, patienceMs: number): Promise<number> {
  const startedAt = Date.now();
  for (let turn = 0; ; turn += 1) {
    const rows = liveRunRows(lives.server.state);
    if (rows === 0 || Date.now() - startedAt > patienceMs) return rows;
    if (turn % (SWEEP_EVERY_MS / 500) === 0)
      await fetch(`${lives.server.url}${ROUTES.sweep}`, { method: "POST", body: "{}" });
    await sleep(500);
  }
}

interface Evidence {
  readonly lives: Lives;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly provider: Provider;
  readonly index: number;
  readonly unexpected: readonly string[];
}

/** The evidence in numbers; what is wrong is said in words. */
function sliceOf(
  { seed }: Settings,
  { lives, ledger, verdict, provider, index, unexpected }: Evidence,
  parts: ReadonlySet<string>,
  say: (line: string) => void,
): Omit<Slice, "seconds" | "alarm"> {
  const { runs } = ledger;
  const kills = lives.all.slice(0, -1);
  const logs = readLogs(lives.server.state);
  const calls = judgeLedger(
    provider.calls,
    runs,
    kills.map(({ killedAt }) => killedAt),
  );
  const recoveries = recoveriesOf(lives.all, logs.runs);
  const told = { log: logs.faults, unexpected, ...calls };
  for (const kind of [
    "log",
    "severalKeys",
    "unexplained",
    "unsafeTwice",
    "undone",
    "earlyWaits",
    "afterCancel",
    "unexpected",
  ] as const) {
    for (const what of told[kind].slice(0, 10)) say(`${kind}: ${what}`);
  }
  const found = (fault: Fault) => verdict.findings.filter((finding) => finding.fault === fault).length;
  const count = (test: (run: (typeof runs)[number]) => boolean) => runs.filter(test).length;
  return {
    seed,
    kills: kills.length,
    points: tally(kills.flatMap(({ point }) => point ?? [])),
    missing: POINTS.filter((point) => !isThere(point, parts)).map(({ name }) => name),
    late: lives.late,
    runs: tally(runs.map(({ program }) => program.family)),
    counts: {
      operationsBegun: ledger.operations.begun,
      operationsDone: ledger.operations.done,
      keys: count(({ request }) => request !== undefined),
      lostReplies: ledger.lostReplies,
      compared: verdict.compared,
      asked: verdict.asked,
      frames: verdict.frames,
      followers: count(({ seen }) => seen !== undefined),
      connections: ledger.connections,
      texts: verdict.texts,
      threads: new Set(runs.map(({ threadId }) => threadId)).size + ledger.unknown.size,
      cancelled: count(({ cancelledAt }) => cancelledAt !== undefined),
      commits: logs.commits,
      calls: calls.calls,
      repeated: calls.repeated,
      waits: calls.waits,
      hits: recoveries.hits,
      cutShort: recoveries.cutShort,
    },
    faults: {
      lost: found("lost"),
      stuck: found("stuck"),
      diverged: found("diverged"),
      doubled: found("doubled"),
      cancel: found("cancel"),
      frames: found("frames"),
      text: found("text"),
      busy: found("busy"),
      log: logs.faults.length,
      severalKeys: calls.severalKeys.length,
      unexplained: calls.unexplained.length,
      unsafeTwice: calls.unsafeTwice.length,
      undone: calls.undone.length,
      earlyWaits: calls.earlyWaits.length,
      afterCancel: calls.afterCancel.length,
      index,
      unexpected: unexpected.length,
    },
    recoveries: recoveries.times,
    progress: recoveries.progress,
  };
}

function tally(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(names, (name) => name)).map(([name, list]) => [name, list?.length ?? 0]),
  );
}
