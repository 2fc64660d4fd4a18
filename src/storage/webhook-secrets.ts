import { eq } from "drizzle-orm";
import type { Database } from "./database.ts";
import { webhookSecrets } from "./schema.ts";

/** What a tenant's webhooks are signed with. */
export interface WebhookSecrets {
  readonly secret: string;
  /** The one before, while receivers take the new one over; it counts until `previousUntil` (Unix milliseconds). */
  readonly previous: string | null;
  readonly previousUntil: number | null;
  readonly createdAt: number;
}

/** The tenant's, made on first use. @param fresh a secret that is kept if there is none */
export async function ensureWebhookSecrets(
  database: Database,
  tenant: string,
  fresh: () => string,
  nowMs: number,
): Promise<WebhookSecrets> {
  const known = await find(database, tenant);
  if (known !== undefined) return known;
  await database.insert(webhookSecrets).values({ tenant, secret: fresh(), createdAt: nowMs }).onConflictDoNothing();
  const kept = await find(database, tenant);
  if (kept === undefined) throw new Error("A webhook secret that was just kept is not there.");
  return kept;
}

/** From now on it is `fresh`; the one before signs too until `previousUntil`. */
export async function rotateWebhookSecret(
  database: Database,
  tenant: string,
  fresh: string,
  { nowMs, previousUntil }: { readonly nowMs: number; readonly previousUntil: number },
): Promise<void> {
  await database
    .update(webhookSecrets)
    .set({ previous: webhookSecrets.secret, previousUntil, secret: fresh, createdAt: nowMs })
    .where(eq(webhookSecrets.tenant, tenant));
}

async function find(database: Database, tenant: string): Promise<WebhookSecrets | undefined> {
  const [row] = await database.select().from(webhookSecrets).where(eq(webhookSecrets.tenant, tenant)).limit(1);
  return row;
}
