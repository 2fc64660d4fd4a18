import { enter } from "./bootstrap/enter.mjs";

// npm run dev: `wrangler dev` with hot reload on the pinned Node, quiet, over the same state folder as npm start.
await enter("scripts/local/dev.ts");
