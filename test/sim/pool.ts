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
  const count = Math.max(1, Math.min(processes, order.to - order.from));
  const each = Array.from({ length: count }, (_, at) => one({ ...order, from: order.from + at, every: count }, hear));
  await Promise.all(each);
}

function one(order: Order, hear: (result: Result) => void): Promise<void> {
  const child = spawn(process.execPath, ["--no-warnings", CHILD, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (piece) => (said = (said + String(piece)).slice(-2_000)));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => hear(JSON.parse(line) as Result));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`The simulator's process ended: ${said}`))));
  });
}
