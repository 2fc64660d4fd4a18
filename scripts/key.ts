import { parseArgs } from "node:util";
import { secureRandom } from "../src/base/ids.ts";
import { mintKey } from "../src/security/keys.ts";

/**
 * `npm run key -- --tenant NAME`: a tenant's first key for a deployed Worker. Prints the key, which is shown only here, and the
 * command that puts its hash into D1. Further keys are made over the API (`POST /keys`).
 */
function main(): number {
  const { values } = parseArgs({
    options: { tenant: { type: "string" }, name: { type: "string", default: "first key" } },
  });
  if (values.tenant === undefined || values.tenant === "") {
    console.error("usage: npm run key -- --tenant NAME [--name TEXT]");
    return 2;
  }
  const { key, row } = mintKey(values.tenant, values.name, secureRandom);
  const texts = [row.tenant, row.keyId, row.name, row.secretHash].map(sqlText).join(", ");
  const statement = `INSERT INTO api_keys (tenant, key_id, name, secret_hash, created_at) VALUES (${texts}, ${row.createdAt})`;
  console.log(`The key, shown only now:\n\n  ${key}\n\nRegister it (only its hash is stored):\n`);
  console.log(`  npx wrangler d1 execute edgewise --remote --command ${shellText(statement)}`);
  return 0;
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
