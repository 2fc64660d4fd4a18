import { printRun, type RunPrinter } from "./run-printer.ts";
import type { Client } from "./client.ts";
import type { SourceDocument } from "./documents.ts";
import { count, seconds, type Terminal } from "./terminal.ts";

export interface Example {
  readonly graph: string;
  /** The node whose text is the answer, shown as it is written. */
  readonly answer: string;
}
export const BRIEF: Example = { graph: "brief", answer: "brief" };

export interface JobResult {
  readonly threadId: string;
  readonly runId: string;
  readonly succeeded: boolean;
}

interface RunView {
  readonly run_id: string;
  readonly status: string;
  readonly error: { readonly message: string; readonly node?: string; readonly attempt?: number } | null;
  readonly usage: { input_tokens: number; output_tokens: number; unit: string; cost_usd: number | null };
}

/** Runs the example over documents in a thread of its own and prints it while it goes. */
export async function runJob(
  client: Client,
  terminal: Terminal,
  documents: readonly SourceDocument[],
): Promise<JobResult> {
  const bytes = documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  terminal.line(
    `${terminal.style("bold", `Running examples/${BRIEF.graph}`)} over ${count(documents.length, "document")} of this repository (${Math.ceil(bytes / 1000)} KB)`,
  );
  terminal.line();
  const startedAt = performance.now();
  const { thread_id: threadId } = await client.json<{ thread_id: string }>("POST", "/threads", {
    metadata: { title: "examples/brief" },
  });
  const printer = printRun(terminal, BRIEF.answer);
  const runId = await follow(client, threadId, documents, printer);
  const run = await client.json<RunView>("GET", `/threads/${threadId}/runs/${runId}`);
  printSummary(terminal, run, printer.finished(), performance.now() - startedAt);
  return { threadId, runId, succeeded: run.status === "success" };
}

async function follow(
  client: Client,
  threadId: string,
  documents: readonly SourceDocument[],
  printer: RunPrinter,
): Promise<string> {
  let runId = "";
  const events = client.events(`/threads/${threadId}/runs/stream`, {
    assistant_id: BRIEF.graph,
    input: { documents },
    stream_mode: ["tasks", "messages-tuple"],
  });
  for await (const { event, data } of events) {
    if (event === "metadata") runId = (data as { run_id: string }).run_id;
    else printer.show(event, data);
  }
  return runId;
}

function printSummary(terminal: Terminal, run: RunView, nodes: number, elapsedMs: number): void {
  const { input_tokens: input, output_tokens: output, unit, cost_usd: cost } = run.usage;
  terminal.line();
  if (run.status !== "success") {
    const where = run.error?.node === undefined ? "" : ` at node ${run.error.node}, attempt ${run.error.attempt ?? 1}`;
    terminal.line(
      terminal.style("red", `The run ended as ${run.status}${where}: ${run.error?.message ?? "no reason given"}`),
    );
  }
  const facts = [
    `${count(nodes, "node")} in ${seconds(elapsedMs)}`,
    `${input.toLocaleString("en")} ${unit} in, ${output.toLocaleString("en")} out`,
    cost === null ? "cost unknown" : `$${cost.toFixed(cost === 0 ? 0 : 4)}`,
  ];
  terminal.line(terminal.style("bold", facts.join(" · ")));
}
