import { enter } from "./bootstrap/enter.mjs";

// npm run docs: writes the pages of docs/nodes from the kinds' own schemas.
await enter("scripts/docs/main.ts");
