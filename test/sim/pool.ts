import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Order, Result } from "./order.ts";

const CHILD = fileURLToPath(import.meta.resolve("./child.ts"));

/** Has the seeds simulated by so many processes; hears of each as it is done. @throws when a process fails. */
export async function simulateAll(
  order: Omit<Order, "every">,
  processes: number,
  hear: (result: Result) => void,
): Promise<void> {
  await Promise.all(shared(order, processes).map((part) => one(part, hear).ended));
}

/**
 * The lowest of the seeds in which something is found; none beyond it is waited for. A process that dies has found something as
 * well: what was planted may take all memory there is.
 */
export async function firstFinding(
  order: Omit<Order, "every" | "enough">,
  processes: number,
): Promise<Result | undefined> {
  let first: Result | undefined;
  const found = (result: Result): void => {
    if (first === undefined || result.seed < first.seed) first = result;
  };
  const parts = shared({ ...order, enough: 1 }, processes).map((part) => {
    let next = part.from;
    const child = one(part, (result) => {
      if (result.findings.length > 0) found(result);
      next = result.seed + part.every;
      if (first !== undefined && next > first.seed) child.end();
    });
    return child.ended.catch((thrown: unknown) => {
      if (first === undefined || next < first.seed) found({ seed: next, findings: [firstLine(thrown)] });
    });
  });
  await Promise.all(parts);
  return first;
}

function shared(order: Omit<Order, "every">, processes: number): Order[] {
  const count = Math.max(1, Math.min(processes, order.to - order.from));
  return Array.from({ length: count }, (_, at) => ({ ...order, from: order.from + at, every: count }));
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const fatal = /FATAL ERROR: .*/.exec(text)?.[0];
  return `the simulator's process ended: ${fatal ?? text.slice(0, 200)}`;
}

interface Child {
  readonly ended: Promise<void>;
  end(): void;
}

function one(order: Order, hear: (result: Result) => void): Child {
  const child = spawn(process.execPath, ["--no-warnings", CHILD, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let isEnded = false;
  child.stderr.on("data", (piece) => (said = (said + String(piece)).slice(-4_000)));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    if (!isEnded) hear(JSON.parse(line) as Result);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 || isEnded ? resolve() : reject(new Error(`The simulator's process ended: ${said}`)),
    );
  });
  const end = (): void => {
    isEnded = true;
    child.kill("SIGKILL");
  };
  return { ended, end };
}
