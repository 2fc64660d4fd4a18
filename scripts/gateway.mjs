import { enter } from "./bootstrap/enter.mjs";

// npm run gateway: one service in front of GPU hosts and hosted providers (gpu-gateway/README.md).
await enter("gpu-gateway/main.ts");
