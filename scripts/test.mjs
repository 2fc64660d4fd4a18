import { enter } from "./bootstrap/enter.mjs";

// npm test: format, lint, types, tests, weight. `npm test -- src/engine` runs only the tests whose path contains that.
await enter("scripts/checks/main.ts");
