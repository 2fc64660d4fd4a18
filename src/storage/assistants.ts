import { and, desc, eq, type SQL, sql } from "drizzle-orm";
import type { JsonObject } from "../base/json.ts";
import { contains } from "./containment.ts";
import type { Database } from "./database.ts";
import { assistants, assistantVersions } from "./schema.ts";

/** What a version of an assistant says. */
export interface AssistantContent {
  readonly graphId: string;
  readonly name: string;
  readonly description: string | null;
  readonly config: JsonObject;
  readonly context: JsonObject;
  readonly metadata: JsonObject;
}

export interface AssistantVersion extends AssistantContent {
  readonly assistantId: string;
  readonly version: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface AssistantRow extends AssistantVersion {
  /** The highest version there ever was. */
  readonly latest: number;
  readonly updatedAt: number;
}

type Texts<T> = Omit<T, "config" | "context" | "metadata"> & Record<"config" | "context" | "metadata", string>;

/** With its JSON texts read. */
export function fromTexts<T extends Record<"config" | "context" | "metadata", string>>(row: T) {
  return {
    ...row,
    config: JSON.parse(row.config) as JsonObject,
    context: JSON.parse(row.context) as JsonObject,
    metadata: JSON.parse(row.metadata) as JsonObject,
  };
}

function toTexts<T extends AssistantContent>(row: T): Texts<T> & { readonly searchName: string } {
  return {
    ...row,
    searchName: row.name.toLowerCase(),
    config: JSON.stringify(row.config),
    context: JSON.stringify(row.context),
    metadata: JSON.stringify(row.metadata),
  };
}

/** One with a row of its own. */
export async function storedAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
): Promise<AssistantRow | undefined> {
  const [row] = await database.select().from(assistants).where(sameAssistant(tenant, assistantId)).limit(1);
  return row && fromTexts(row);
}

/** With its first version. False: there is one of this id already, and nothing was written. */
export async function insertAssistant(database: Database, tenant: string, row: AssistantRow): Promise<boolean> {
  const [inserted] = await database.batch([
    database
      .insert(assistants)
      .values({ tenant, ...toTexts(row) })
      .onConflictDoNothing()
      .returning({ assistantId: assistants.assistantId }),
    keepVersion(database, tenant, row.assistantId, row.createdAt),
  ]);
  return inserted.length > 0;
}

/**
 * Makes `content` the next version of what was read as `before`. False: somebody changed it meanwhile, and nothing was
 * written; read it again.
 */
export async function addVersion(
  database: Database,
  tenant: string,
  before: AssistantRow,
  content: AssistantContent,
  nowMs: number,
): Promise<boolean> {
  const next = before.latest + 1;
  const unchanged = and(eq(assistants.latest, before.latest), eq(assistants.version, before.version));
  const [changed] = await database.batch([
    database
      .update(assistants)
      .set({ ...toTexts(content), version: next, latest: next, updatedAt: later(nowMs) })
      .where(and(sameAssistant(tenant, before.assistantId), unchanged))
      .returning({ version: assistants.version }),
    keepVersion(database, tenant, before.assistantId, nowMs),
  ]);
  return changed.length > 0;
}

/** The row as it is now, as a version of that number; nothing where that is known already. */
function keepVersion(database: Database, tenant: string, assistantId: string, nowMs: number) {
  return database
    .insert(assistantVersions)
    .select(
      sql`select tenant, assistant_id, version, graph_id, name, description, config, context, metadata, ${nowMs}
        from assistants where tenant = ${tenant} and assistant_id = ${assistantId}`,
    )
    .onConflictDoNothing();
}

/** Makes an older version the one that counts. False: there is no such version. */
export async function returnToVersion(
  database: Database,
  tenant: string,
  assistantId: string,
  version: number,
  nowMs: number,
): Promise<boolean> {
  const [kept] = await database
    .select()
    .from(assistantVersions)
    .where(and(ofAssistant(tenant, assistantId), eq(assistantVersions.version, version)))
    .limit(1);
  if (kept === undefined) return false;
  const { graphId, name, description, config, context, metadata } = kept;
  const content = { graphId, name, searchName: name.toLowerCase(), description, config, context, metadata };
  await database
    .update(assistants)
    .set({ ...content, version, updatedAt: later(nowMs) })
    .where(sameAssistant(tenant, assistantId));
  return true;
}

/** Newest first. */
export async function assistantVersionsOf(
  database: Database,
  tenant: string,
  assistantId: string,
  page: { readonly metadata: JsonObject; readonly limit: number; readonly offset: number },
): Promise<readonly AssistantVersion[]> {
  const rows = await database
    .select()
    .from(assistantVersions)
    .where(and(ofAssistant(tenant, assistantId), contains(sql`assistant_versions.metadata`, page.metadata)))
    .orderBy(desc(assistantVersions.version))
    .limit(page.limit)
    .offset(page.offset);
  return rows.map(fromTexts);
}

export async function removeAssistant(database: Database, tenant: string, assistantId: string): Promise<boolean> {
  const [removed] = await database.batch([
    database
      .delete(assistants)
      .where(sameAssistant(tenant, assistantId))
      .returning({ assistantId: assistants.assistantId }),
    database.delete(assistantVersions).where(ofAssistant(tenant, assistantId)),
  ]);
  return removed.length > 0;
}

/** All of a tenant's, with their versions: for a test server that is emptied. */
export async function removeAllAssistants(database: Database, tenant: string): Promise<void> {
  await database.batch([
    database.delete(assistants).where(eq(assistants.tenant, tenant)),
    database.delete(assistantVersions).where(eq(assistantVersions.tenant, tenant)),
  ]);
}

/** A change is later than the one before it, however fast they follow one another. */
function later(nowMs: number): SQL<number> {
  return sql`max(${nowMs}, ${assistants.updatedAt} + 1)`;
}

function sameAssistant(tenant: string, assistantId: string): SQL | undefined {
  return and(eq(assistants.tenant, tenant), eq(assistants.assistantId, assistantId));
}

function ofAssistant(tenant: string, assistantId: string): SQL | undefined {
  return and(eq(assistantVersions.tenant, tenant), eq(assistantVersions.assistantId, assistantId));
}
