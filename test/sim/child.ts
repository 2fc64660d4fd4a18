import { replaceGlobals } from "./globals.ts";
import { hookModules } from "./hooks.ts";
import type { Order } from "./order.ts";

// A process of its own for each order: it has a clock, chance and a platform that nothing else must see, and may be patched.
const order = JSON.parse(process.argv[2] ?? "{}") as Order;
hookModules(order.patches);
replaceGlobals();
// What a dead object has promised nobody waits for.
process.on("unhandledRejection", () => undefined);
// Only now, so that the product is loaded into this world.
const { simulate } = await import("./simulate.ts");
const { runLikeness } = await import("./likeness-run.ts");

let found = 0;
for (let seed = order.from; seed < order.to && found < order.enough; seed += order.every) {
  const work = order.likeness === true ? likeness(seed) : simulate(seed, order.only);
  const simulated = await work.catch((thrown: unknown) => ({
    seed,
    findings: [`the simulator failed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`],
  }));
  if (simulated.findings.length > 0) found += 1;
  process.stdout.write(`${JSON.stringify(simulated)}\n`);
}

async function likeness(seed: number) {
  return { seed, findings: [], likeness: await runLikeness(seed) };
}
