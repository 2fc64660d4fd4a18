import { Stop } from "../../../scripts/local/stop.ts";
import { randomUUID } from "node:crypto";
import { type Office, Work } from "./clients.ts";
import { type Acknowledged, type Frame, Ledger } from "./record.ts";

/** Ways to make the proof fail, each by what a broken server would do or by what it would look like to its clients. */

type Sabotage = (office: Office) => Promise<void> | void;

const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  /** An acknowledged run is gone. */
  async lost({ port, ledger }) {
    const { threadId, runId } = someRun(ledger, ({ program }) => program.family === "flat");
    await port.ask("GET", `/threads/${threadId}/runs/${runId}/join`);
    await port.ask("DELETE", `/threads/${threadId}`);
  },
  /** A run ended with another run's value. */
  diverged({ ledger }) {
    change(
      ledger,
      someRun(ledger, ({ program }) => program.family === "waits"),
      ({ mark }) => ({ mark: `${mark}y` }),
    );
  },
  /** A run was made twice. */
  async doubled(office) {
    const { threadId, mark } = office.ledger.runs.findLast(({ program }) => program.family === "big") ?? none();
    const { big } = office.programs;
    await work({ ...office, ledger: new Ledger() }).start(big, `${mark}y`, big.runs - 1, threadId);
  },
  /** A run neither ends nor was cancelled. */
  async stuck(office) {
    await work(office).start(office.programs.hold, "sabotage", 0, randomUUID());
  },
  /** A cancelled run went on. */
  cancel({ ledger }) {
    change(
      ledger,
      someRun(ledger, ({ program }) => program.family === "loop"),
      () => ({ cancelledAt: Date.now() }),
    );
  },
  /** A follower was not shown a frame. */
  frame({ ledger }) {
    framesOf(ledger).splice(3, 1);
  },
  /** A follower was shown a frame twice. */
  "frame-twice"({ ledger }) {
    const seen = framesOf(ledger);
    seen.push(...seen.slice(-1));
  },
  /** A piece of the last attempt's text was another one. */
  text({ ledger }) {
    const seen = framesOf(ledger);
    const at = seen.findLastIndex(({ event }) => event === "messages");
    const { id, data } = seen[at] ?? none();
    const [message, where] = data as [object, object];
    seen[at] = { id, event: "messages", data: [{ ...message, content: "?" }, where] };
  },
};

/** `--sabotage NAME`, or all of them without a name. @throws for a name that is none. */
export async function sabotage(names: readonly string[], office: Office): Promise<void> {
  for (const name of names) await SABOTAGES[name]?.(office);
}

export function sabotageNames(argument: string | undefined): readonly string[] {
  const all = Object.keys(SABOTAGES);
  if (argument === undefined) return all;
  if (!all.includes(argument)) throw new Stop(`There is no sabotage "${argument}"; there are: ${all.join(", ")}.`);
  return [argument];
}

function work(office: Office): Work {
  return new Work(office, "sabotage", 1, AbortSignal.abort());
}

function someRun(ledger: Ledger, wanted: (run: Acknowledged) => boolean): Acknowledged {
  return ledger.runs.find(wanted) ?? none();
}

function framesOf(ledger: Ledger): Frame[] {
  return (
    someRun(ledger, ({ program, seen }) => program.family === "streams" && seen !== undefined && seen.length > 8)
      .seen ?? none()
  );
}

function change(ledger: Ledger, run: Acknowledged, more: (run: Acknowledged) => Partial<Acknowledged>): void {
  ledger.runs.splice(ledger.runs.indexOf(run), 1, { ...run, ...more(run) });
}

function none(): never {
  throw new Error("no run was made that this sabotage could be done to; let the proof run longer");
}
