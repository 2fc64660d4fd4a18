import { setTimeout as sleep } from "node:timers/promises";
import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { call } from "../e2e/api.ts";
import { cancels, type Client, ledgers, scenes, Work } from "./kill/clients.ts";
import { Endings } from "./kill/endings.ts";
import { DOCUMENTS } from "./kill/graphs.ts";
import { goalsOf } from "./kill/goals.ts";
import { liveRunRows } from "./kill/index-rows.ts";
import { judge } from "./kill/judge.ts";
import { Lives, momentsOf } from "./kill/lives.ts";
import { Port } from "./kill/port.ts";
import { Ledger } from "./kill/record.ts";
import { sabotage } from "./kill/sabotage.ts";
import { readSettings, type Settings } from "./kill/settings.ts";

/** An object's alarm is never further away than this; only then does anybody ask for what was left to itself. */
const LEASE_MS = 5_000;
/** A row that a crash left in the index falls due after a minute, and is swept within another. */
const INDEX_PATIENCE_MS = 130_000;

export const options = ["--seed", "--sabotage"];

/**
 * The real server, killed again and again in the middle of everything, keeps what it has acknowledged.
 * `npm run proof -- kill [--short] [--seed N] [--sabotage [NAME]]`
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const settings = readSettings(short, args);
  say(`seed ${settings.seed}`);
  const lives = await Lives.begin();
  try {
    for (const document of DOCUMENTS) await call(lives.server, "POST", "/graphs", document);
    const endings = await Endings.record(lives.server);
    const { ledger, running, unexpected } = await killUnderWork(lives, settings);
    const port = new Port(lives, new AbortController().signal);
    if (settings.sabotages.length > 0) say(`sabotage: ${settings.sabotages.join(", ")}`);
    await sabotage(settings.sabotages, port, ledger);
    const readyAt = lives.all.at(-1)?.readyAt ?? 0;
    const verdict = await judge(port, ledger, endings, readyAt + settings.patienceMs);
    for (const { fault, what } of verdict.findings.slice(0, 40)) say(`${fault}: ${what}`);
    const index = await indexAtRest(lives.server.state, verdict.findings.length > 0 ? 0 : INDEX_PATIENCE_MS);
    for (const line of lives.said) say(`the server said: ${line}`);
    return goalsOf({
      settings,
      lives,
      ledger,
      verdict,
      running,
      index,
      unexpected: [...unexpected, ...port.unexpected],
    });
  } finally {
    await lives.server.remove();
  }
}

/** All clients at work from before the first kill until after the last one. */
async function killUnderWork(lives: Lives, settings: Settings) {
  const ledger = new Ledger();
  const [stop, giveUp] = [new AbortController(), new AbortController()];
  const port = new Port(lives, giveUp.signal);
  const at = (name: string, count: number, client: Client) =>
    Array.from({ length: count }, (_, index) =>
      client(new Work(port, ledger, `${name}${index}`, settings.seed, stop.signal), index),
    );
  const work = Promise.allSettled([
    ...at("scene", settings.scenes, scenes),
    ...at("ledger", settings.ledgers, ledgers),
    ...at("cancel", settings.cancels, cancels),
  ]);
  const running: number[] = [];
  await lives.endure(momentsOf(settings.seed, settings.kills, settings.longestLifeMs), () => {
    // Read from the folder of the dead server: what its index says was live.
    running.push(liveRunRows(lives.server.state));
    if (running.length % 8 === 0) say(`${running.length} kills, ${ledger.runs.length} runs acknowledged`);
  });
  stop.abort();
  await Promise.race([work, sleep(settings.patienceMs)]);
  giveUp.abort();
  for (const ended of await work) if (ended.status === "rejected") say(`a client gave up: ${String(ended.reason)}`);
  await sleep(Math.max(0, (lives.all.at(-1)?.readyAt ?? 0) + LEASE_MS + 1_000 - Date.now()));
  return { ledger, running, unexpected: port.unexpected };
}

/** How many live runs the index still names in the end, and how long that took. */
async function indexAtRest(state: string, patienceMs: number): Promise<{ rows: number; afterMs: number }> {
  const startedAt = Date.now();
  for (;;) {
    const [rows, afterMs] = [liveRunRows(state), Date.now() - startedAt];
    if (rows === 0 || afterMs > patienceMs) return { rows, afterMs };
    await sleep(500);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
