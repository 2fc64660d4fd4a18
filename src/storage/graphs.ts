import { and, asc, desc, eq, gt, max, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { graphVersions } from "./schema.ts";

export interface NewGraphVersion {
  readonly graphId: string;
  readonly assistantId: string;
  readonly hash: string;
  readonly document: string;
  readonly source: string;
  readonly sourceType: "json" | "yaml";
  readonly createdAt: number;
}

export interface GraphVersionRow extends NewGraphVersion {
  readonly version: number;
}

/** A graph's line in a list: its newest version, without the texts. */
export interface GraphLine {
  readonly graphId: string;
  readonly assistantId: string;
  readonly version: number | null;
  readonly hash: string;
  readonly createdAt: number;
}

/**
 * Adds a version, unless the newest one is this document already; answers what then is the newest and whether it is new.
 * One statement reads the newest version and writes the next: two publishers at once get two numbers, or one of them both.
 */
export async function createGraphVersion(
  database: Database,
  tenant: string,
  graph: NewGraphVersion,
): Promise<{ readonly version: number; readonly created: boolean }> {
  const inserted = await database.all<{ version: number }>(sql`
    insert into graph_versions
      (tenant, graph_id, version, assistant_id, hash, document, source, source_type, created_at)
    select ${tenant}, ${graph.graphId}, coalesce(max(version), 0) + 1, ${graph.assistantId}, ${graph.hash},
      ${graph.document}, ${graph.source}, ${graph.sourceType}, ${graph.createdAt}
    from graph_versions where tenant = ${tenant} and graph_id = ${graph.graphId}
    having coalesce((
      select hash from graph_versions where tenant = ${tenant} and graph_id = ${graph.graphId}
      order by version desc limit 1
    ), '') <> ${graph.hash}
    returning version`);
  const [row] = inserted;
  if (row !== undefined) return { version: row.version, created: true };
  const latest = await latestGraph(database, tenant, graph.graphId);
  if (latest === undefined) throw new Error(`Graph "${graph.graphId}" was neither there nor added.`);
  return { version: latest.version, created: false };
}

export async function latestGraph(
  database: Database,
  tenant: string,
  graphId: string,
): Promise<GraphVersionRow | undefined> {
  return newest(database, and(eq(graphVersions.tenant, tenant), eq(graphVersions.graphId, graphId)));
}

export async function latestGraphOfAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
): Promise<GraphVersionRow | undefined> {
  return newest(database, and(eq(graphVersions.tenant, tenant), eq(graphVersions.assistantId, assistantId)));
}

export async function graphVersion(
  database: Database,
  tenant: string,
  graphId: string,
  version: number,
): Promise<GraphVersionRow | undefined> {
  const same = and(
    eq(graphVersions.tenant, tenant),
    eq(graphVersions.graphId, graphId),
    eq(graphVersions.version, version),
  );
  return newest(database, same);
}

async function newest(database: Database, where: ReturnType<typeof and>): Promise<GraphVersionRow | undefined> {
  const rows = await database.select().from(graphVersions).where(where).orderBy(desc(graphVersions.version)).limit(1);
  return rows[0];
}

/** By id. SQLite takes the other columns from the row that holds the maximum. */
export function listGraphs(
  database: Database,
  tenant: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<readonly GraphLine[]> {
  const later = page.after === undefined ? undefined : gt(graphVersions.graphId, page.after);
  return database
    .select({
      graphId: graphVersions.graphId,
      assistantId: graphVersions.assistantId,
      version: max(graphVersions.version),
      hash: graphVersions.hash,
      createdAt: graphVersions.createdAt,
    })
    .from(graphVersions)
    .where(and(eq(graphVersions.tenant, tenant), later))
    .groupBy(graphVersions.graphId)
    .orderBy(asc(graphVersions.graphId))
    .limit(page.limit);
}
