import { seconds, type Terminal } from "./terminal.ts";

/** Shows a run's events on a terminal, one line a node, one node's text as it is written. */
export interface RunPrinter {
  show(event: string, data: unknown): void;
  /** How many nodes have finished. */
  finished(): number;
}

interface TaskFrame {
  readonly id: string;
  readonly name: string;
  readonly result?: unknown;
  readonly error?: unknown;
}
type MessageFrame = readonly [{ readonly content: unknown }, { readonly langgraph_node?: string }];

/** `answer` is the node whose text is shown; that of nodes running side by side would mix. */
export function printRun(terminal: Terminal, answer: string): RunPrinter {
  const startedAt = new Map<string, number>();
  let done = 0;
  return {
    show(event, data) {
      if (event === "tasks") done += showTask(terminal, data as TaskFrame, startedAt, answer);
      else if (event === "messages") showText(terminal, data as MessageFrame, answer);
      else if (event === "error") terminal.line(`  ${terminal.style("red", "✗")} ${messageOf(data)}`);
    },
    finished: () => done,
  };
}

/** A frame without result and error is a start. Answers how many nodes it finished: 0 or 1. */
function showTask(terminal: Terminal, task: TaskFrame, startedAt: Map<string, number>, answer: string): number {
  const name = task.name.padEnd(14);
  if (!("result" in task) && !("error" in task)) {
    startedAt.set(task.id, performance.now());
    terminal.line(`  ${terminal.style("cyan", "▸")} ${name} ${terminal.style("dim", "started")}`);
    if (task.name === answer) terminal.line();
    return 0;
  }
  const elapsed = seconds(performance.now() - (startedAt.get(task.id) ?? performance.now()));
  const failed = task.error !== undefined && task.error !== null;
  if (task.name === answer) terminal.line();
  const mark = failed ? terminal.style("red", "✗") : terminal.style("green", "✓");
  const end = failed ? `failed after ${elapsed}: ${messageOf(task.error)}` : `done in ${elapsed}`;
  terminal.line(`  ${mark} ${name} ${terminal.style("dim", end)}`);
  return failed ? 0 : 1;
}

function showText(terminal: Terminal, [message, metadata]: MessageFrame, answer: string): void {
  if (metadata.langgraph_node === answer && typeof message.content === "string") terminal.write(message.content);
}

function messageOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return typeof error === "string" ? error : JSON.stringify(error);
}
