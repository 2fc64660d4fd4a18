/** The named crash points (reference: reliability, section B), and how each is recognised where it happens. */

/**
 * How the process is held for the kill. `here`: it spins where it is, what the transaction wrote is not on disk. `durable`: it
 * spins as soon as that is on disk, which is also when replies may leave. `race`: it goes on, and the kill falls into the commit.
 */
export type Hold = "here" | "durable" | "race";

/** `at` is what the test's Worker calls the place: see worker.ts. */
export interface Trigger {
  readonly at: string;
  readonly hold: Hold;
}

export type ProviderMoment = "received" | "streaming" | "done";

export interface CrashPoint {
  readonly name: string;
  /** Of the eighteen of the reference; others are ours. */
  readonly isNamed: boolean;
  readonly by:
    | { readonly who: "thread"; readonly triggers: readonly Trigger[]; readonly most: number }
    | { readonly who: "provider"; readonly moment: ProviderMoment }
    | { readonly who: "client" }
    | { readonly who: "nobody"; readonly why: string };
}

/** @param most how many times the place may be passed before the kill; small where it is rare */
const thread = (name: string, most: number, ...triggers: readonly Trigger[]): CrashPoint => ({
  name,
  isNamed: true,
  by: { who: "thread", triggers, most },
});
const ours = (point: CrashPoint): CrashPoint => ({ ...point, isNamed: false });
const here = (at: string): Trigger => ({ at, hold: "here" });
const durable = (at: string): Trigger => ({ at, hold: "durable" });

export const POINTS: readonly CrashPoint[] = [
  thread("admission, before its commit", 4, here("writing run-started")),
  thread("admission, after its commit", 4, durable("wrote run-started")),
  { name: "admission, after the reply", isNamed: true, by: { who: "client" } },
  thread("attempt's row written", 0, durable("wrote attempt-started")),
  { name: "provider has received", isNamed: true, by: { who: "provider", moment: "received" } },
  { name: "provider in the middle of its answer", isNamed: true, by: { who: "provider", moment: "streaming" } },
  thread("provider done, before the commit", 6, here("writing answer")),
  thread("after the commit, before the alarm", 6, { at: "wrote alarm", hold: "race" }),
  thread("after the alarm, before followers hear", 10, durable("wrote task-succeeded")),
  thread("outbox written", 6, durable("wrote outbox")),
  thread("sent, before it is marked", 6, here("marking outbox")),
  thread("queue consumer, before it acknowledges", 0, here("consumed")),
  thread("audit written, before it is marked", 1, here("marking audit")),
  thread("signal accepted", 0, here("writing signal-received"), durable("wrote signal-received")),
  thread("cancel accepted", 0, here("writing run-cancelled"), durable("wrote run-cancelled")),
  thread("compaction (snapshot)", 0, here("writing snapshot"), durable("wrote snapshot")),
  thread("schema (an object's tables are made)", 20, here("making a table")),
  thread("child started (a frame)", 4, here("writing frame-started"), durable("wrote frame-started")),
  ours(thread("recovery after a kill", 2, here("writing recovery"), durable("wrote recovery"))),
  ours(thread("answer accepted", 0, here("writing task-answered"), durable("wrote task-answered"))),
  ours(thread("a wait's end", 2, here("writing task-resumed"), durable("wrote task-resumed"))),
  ours(thread("a failed attempt's row", 2, here("writing attempt-failed"), durable("wrote attempt-failed"))),
  ours(thread("a task's failure", 2, here("writing task-failed"), durable("wrote task-failed"))),
];

export interface Armed extends Trigger {
  /** Passed so often before it holds. */
  readonly skip: number;
}

/** What the Worker prints at an armed place. Only the test's Worker has these words. */
export const MARK = "edgewise-chaos-point";
/** The kill did not come while it was held. */
export const PASSED = "edgewise-chaos-passed";
export const ROUTES = {
  arm: "/chaos-arm",
  sweep: "/chaos-sweep",
  parts: "/chaos-parts",
  alarms: "/chaos-alarms",
} as const;
