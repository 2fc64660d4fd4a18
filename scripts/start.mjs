import { enter } from "./bootstrap/enter.mjs";

// npm start: the Worker on workerd with its state kept, and the example over real documents. `npm start -- --help`
await enter("scripts/local/main.ts");
