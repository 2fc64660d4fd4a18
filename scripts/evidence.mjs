import { enter } from "./bootstrap/enter.mjs";

// npm run bench, npm run proof: measurements and long tests with a goal. Without a name they list what there is.
await enter("scripts/evidence/main.ts");
