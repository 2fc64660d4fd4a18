import { parseGatewayFile } from "../../gpu-gateway/config.ts";
import { Gateway } from "../../gpu-gateway/gateway.ts";

/** The gateway in a process of its own, on a free port that it tells its parent. */
const [text = ""] = process.argv.slice(2);
const gateway = new Gateway(parseGatewayFile(text, "bench", {}), {
  env: {},
  log: (line) => void process.stderr.write(`${line}\n`),
  journalPath: ":memory:",
});
const { port } = await gateway.start();
process.send?.({ port });
