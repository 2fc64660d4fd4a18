import type { Patch } from "./hooks.ts";

/** A bug of the shell, planted by replacing a piece of the product's source when it is loaded. */
export interface Plant {
  readonly name: string;
  readonly patches: readonly Patch[];
}

const plant = (name: string, file: string, find: string, replace: string): Plant => ({
  name,
  patches: [{ file: `durable-objects/${file}`, find, replace }],
});

/** Those of the reference's list that are of the shell; what is the rules' is planted in the reference engine (mutations.ts). */
export const PLANTS: readonly Plant[] = [
  plant(
    "idempotency key per attempt",
    "run/attempt.ts",
    "idempotencyKey: `${this.lineage}:${this.task.id}`,",
    "idempotencyKey: `${this.lineage}:${this.task.id}:${this.number}`,",
  ),
  plant(
    "event before commit",
    "log/tail.ts",
    "this.#snapshots.committed(this.#store.appendCommit(whole));",
    "void scheduler.wait(0).then(() => this.#snapshots.committed(this.#store.appendCommit(whole)));",
  ),
  plant(
    "alarm outside the transaction",
    "alarm-clock.ts",
    "void this.#storage.setAlarm(at);",
    "void scheduler.wait(0).then(() => this.#storage.setAlarm(at));",
  ),
  plant(
    "acknowledgement before commit",
    "updates.ts",
    "if (core.live !== undefined) core.receive(core.live, entry);",
    "if (core.live !== undefined) void scheduler.wait(0).then(() => core.live && core.receive(core.live, entry));",
  ),
  plant(
    "stale resume accepted",
    "commands.ts",
    "const asked = open.find(({ ask }) => ask.id === interruptId);",
    "const asked = open.find(({ ask }) => ask.id === interruptId) ?? open[0];",
  ),
  plant(
    "budget reset on restart",
    "run/budget.ts",
    "    const { tokens, nano } = toAmount(estimate);\n",
    "    this.#spent = NOTHING;\n    const { tokens, nano } = toAmount(estimate);\n",
  ),
  plant("fence dropped", "run/live-run.ts", "      if (!this.#ongoing.isRunning(attempt)) return undefined;\n", ""),
  plant(
    "snapshot off by one",
    "log/snapshots.ts",
    "this.#store.saveSnapshot(seq,",
    "this.#store.saveSnapshot(seq + 1,",
  ),
  plant(
    "reducer applied again on replay",
    "run/past.ts",
    "for (const commit of this.commits(segments)) playback.replay(commit);",
    `for (const commit of this.commits(segments)) {
      const { entry } = commit;
      const outcome = "outcome" in entry ? entry.outcome : undefined;
      const writes = outcome && [...outcome.writes, ...outcome.writes];
      playback.replay(outcome ? { ...commit, entry: { ...entry, outcome: { ...outcome, writes } } } : commit);
    }`,
  ),
  plant(
    "timer early after a clock jump",
    "run/ongoing.ts",
    'state.kind === "backing-off" && state.retryAt <= now',
    'state.kind === "backing-off"',
  ),
  plant(
    "due row cleared before its work",
    "outbox.ts",
    "          if (!isOvertaken(notice, notices, id)) {\n",
    "          this.#store.delivered(id);\n          if (!isOvertaken(notice, notices, id)) {\n",
  ),
  plant(
    "early signal dropped",
    "run/waits.ts",
    "this.#kept.set(entry.signal.id, entry.signal);",
    "if ([...this.#waiting.values()].some(({ signal }) => signal?.name === entry.signal.name)) this.#kept.set(entry.signal.id, entry.signal);",
  ),
  plant(
    "queue duplicate redone",
    "core.ts",
    "    if ((eraseAt(this)",
    "    this.#performer.add(this.#live?.recover(now) ?? []);\n    if ((eraseAt(this)",
  ),
  plant(
    "second terminal on cancel",
    "core.ts",
    "if (live?.row.runId !== runId) return;",
    "if (live === undefined) { const over = this.store.run(runId); if (over) this.store.endRun({ ...over, status: 'interrupted' }); return; }",
  ),
  plant(
    "child not cancelled",
    "run/ongoing.ts",
    'if (state.kind === "running") state.attempt.abort();\n      this.#states.delete(task);',
    "this.#states.delete(task);",
  ),
  plant(
    "attempt count lost on restart",
    "run/live-run.ts",
    "this.#events.taken(commit.lastEvent);\n    this.apply(commit.entry, commit.at);\n",
    'this.#events.taken(commit.lastEvent);\n    if (commit.entry.type !== "attempt-failed") this.apply(commit.entry, commit.at);\n',
  ),
  plant(
    "newest graph version at resume",
    "commands.ts",
    'version: before.graphVersion, hash: before.graphHash, document: "" };',
    'version: graph?.version ?? before.graphVersion, hash: graph?.hash ?? before.graphHash, document: "" };',
  ),
  // Found by the simulator, and put right since.
  plant(
    "what is noted of tasks in a composite outlives it",
    "run/live-run.ts",
    "    this.notes.dropInside(composite);\n",
    "",
  ),
  plant(
    "frame ids that depend on what was asked for",
    "view/sheet.ts",
    "    const id = this.#layout.id(slot, index);\n    if (id !== undefined) this.#frames.set(id, { id, event, data: data() });",
    '    const at = this.#layout.id(slot, index);\n    const id = at === undefined || this.#audience.wants("tasks") ? at : at + 1;\n    if (id !== undefined) this.#frames.set(id, { id, event, data: data() });',
  ),
  plant(
    "a write as a node beyond the limit of steps",
    "updates.ts",
    'if (engine.inFlight().some(({ task: other, state }) => other.id === id && state === "failed")) {',
    'if (id === "") {',
  ),
];
