import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Leaves two numbers in the file that EDGEWISE_TALLY names. vitest wants a default export. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const path = process.env["EDGEWISE_TALLY"];
    if (path === undefined) return;
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const tally = {
      passed: states.filter((state) => state === "passed").length,
      // A file that does not load has no tests, and still is a failure.
      failed:
        states.filter((state) => state === "failed").length +
        modules.filter((module) => module.errors().length > 0).length,
    };
    writeFileSync(path, JSON.stringify(tally));
  }
}
