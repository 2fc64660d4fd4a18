import { enter } from "./bootstrap/enter.mjs";

// npm run dev: `wrangler dev` with hot reload on the pinned Node, quiet, over a folder of its own inside that of npm start.
await enter("scripts/local/dev.ts");
