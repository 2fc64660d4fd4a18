import { enter } from "./bootstrap/enter.mjs";

// npm run graph: checks, draws, compares, imports and rewrites graph documents. `npm run graph -- --help`
await enter("scripts/graph/main.ts");
