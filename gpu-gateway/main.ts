import { existsSync, watchFile } from "node:fs";
import { ConfigError, readGatewayFile } from "./config.ts";
import { Gateway } from "./gateway.ts";
import { makeKey } from "./keys.ts";

/** `npm run gateway [-- FILE]`, and `npm run gateway -- key`. */

const [asked = "gateway.yaml"] = process.argv.slice(2);

if (asked === "key") {
  const { key, sha256 } = makeKey();
  process.stdout.write(
    `key     ${key}\nsha256  ${sha256}\n\nGive the key to who may ask; write its sha256 under "keys" in the gateway's file.\n`,
  );
} else if (asked.startsWith("-")) {
  process.stdout.write(
    "npm run gateway [-- FILE]   starts the gateway with that file (gateway.yaml)\nnpm run gateway -- key     makes a key\n",
  );
} else await run(asked);

async function run(file: string): Promise<void> {
  if (!existsSync(file)) return giveUp(`There is no ${file}. Copy gpu-gateway/gateway.example.yaml to begin with.`);
  const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  try {
    const config = readGatewayFile(file, process.env);
    const gateway = new Gateway(config, {
      env: process.env,
      log,
      journalPath: process.env["GATEWAY_JOURNAL"] ?? "gateway-usage.sqlite",
    });
    const { address, port } = await gateway.start();
    log(
      `ready at http://${address}:${port}, with ${config.hosts.length} hosts${config.keys.length === 0 ? ", open to everybody on this machine" : ""}`,
    );
    watchFile(file, { interval: 1_000 }, () => {
      try {
        void gateway.reload(readGatewayFile(file, process.env)).then(() => log(`${file} was read again`));
      } catch (thrown) {
        log(
          `${thrown instanceof ConfigError ? thrown.message : String(thrown)}\nThe gateway goes on with what it had.`,
        );
      }
    });
    let isStopping = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.on(signal, () => {
        if (isStopping) process.exit(1);
        isStopping = true;
        log("stopping: what is under way comes to its end; once more to stop at once");
        void gateway.stop().then(() => process.exit(0));
      });
  } catch (thrown) {
    giveUp(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function giveUp(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
