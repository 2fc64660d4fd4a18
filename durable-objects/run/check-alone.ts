import type { Plan } from "../../src/graph/plan.ts";
import type { RunRow } from "../log/rows.ts";
import type { StartRun } from "../thread-api.ts";
import { checkBreakpoints } from "./breakpoints.ts";
import { configured } from "./configured.ts";
import { checkGiven, givenOf } from "./globals.ts";
import { checkInput } from "./input.ts";
import { refuseTooLarge } from "./limits.ts";
import { newRun } from "./new-run.ts";

/**
 * What can be said of a run that begins with an input, whatever the state that it will begin on.
 * @param before the thread's newest run, whose configuration stands
 * @throws EdgewiseError as the start would, with pointers
 */
export function checkAlone(asked: StartRun, plan: Plan, before?: RunRow): void {
  const command: StartRun = { ...asked, ...configured(asked, plan, before) };
  const { config, context, metadata } = command;
  refuseTooLarge({ config, context, metadata });
  checkBreakpoints(plan, command);
  const row = newRun(command, { n: 0, firstSeq: 0, now: 0, from: null });
  checkGiven(plan, givenOf(row, row, command.threadId));
  checkInput(command, plan);
}
