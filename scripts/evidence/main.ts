import type { Evidence } from "../goal.ts";
import { ROOT } from "../local/repository.ts";
import { Stop } from "../local/stop.ts";
import { openTerminal, seconds, type Terminal } from "../local/terminal.ts";
import { findEvidence, KINDS, type Kind } from "./find.ts";
import { describeMachine } from "./machine.ts";
import { printGoals } from "./table.ts";

/** Answers the exit code: 0 all goals met, 1 one missed, 2 asked for something that is not there. */
async function main(terminal: Terminal, [kind, ...rest]: readonly string[]): Promise<number> {
  if (kind !== "bench" && kind !== "proof") {
    terminal.line("usage: npm run bench [-- NAME], npm run proof [-- NAME] [--short]");
    return 2;
  }
  const [name, ...arguments_] = rest.filter((argument) => argument !== "--short");
  const found = findEvidence(ROOT, kind);
  const path = found.get(name ?? "");
  if (name === undefined || path === undefined) {
    if (name !== undefined) terminal.line(`There is no ${kind} named "${name}".`);
    listNames(terminal, kind, [...found.keys()]);
    return name === undefined ? 0 : 2;
  }
  return gather(terminal, `${kind} ${name}`, path, { short: rest.includes("--short"), args: arguments_ });
}

function listNames(terminal: Terminal, kind: Kind, names: readonly string[]): void {
  terminal.line(names.length === 0 ? `${KINDS[kind].what}: none yet.` : `${KINDS[kind].what}: ${names.join(", ")}`);
  if (names[0] !== undefined) terminal.line(`Run one: npm run ${kind} -- ${names[0]}`);
}

async function gather(terminal: Terminal, title: string, path: string, options: Parameters<Evidence["run"]>[0]) {
  const machine = describeMachine(ROOT);
  const startedAt = performance.now();
  const evidence = (await import(`file://${path}`)) as Evidence;
  const unknown = options.args.find((argument) => argument.startsWith("--") && !evidence.options?.includes(argument));
  if (unknown !== undefined) {
    const known = ["--short", ...(evidence.options ?? [])].join(", ");
    terminal.line(`There is no option ${unknown} for ${title}; these are: ${known}.`);
    return 2;
  }
  const goals = await evidence.run(options);
  terminal.line(
    `${terminal.style("bold", title)}${options.short ? ", short" : ""}, ${seconds(performance.now() - startedAt)}`,
  );
  for (const line of machine) terminal.line(terminal.style("dim", line));
  terminal.line();
  printGoals(terminal, goals);
  return goals.some(({ met }) => met === true) && goals.every(({ met }) => met !== false) ? 0 : 1;
}

/** What a person can put right is one sentence; anything else is a fault, and shows where it is. */
async function answer(terminal: Terminal): Promise<number> {
  try {
    return await main(terminal, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    terminal.line(error.message);
    return 2;
  }
}

// A bench may leave a server's handles open; the answer is there.
process.exit(await answer(openTerminal()));
