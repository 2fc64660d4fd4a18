import { enter } from "./bootstrap/enter.mjs";

// npm run key: a tenant's first key for a deployed Worker. `npm run key -- --tenant NAME`
await enter("scripts/key.ts");
