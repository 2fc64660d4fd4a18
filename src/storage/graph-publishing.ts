import { and, eq, isNull, ne, or, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { type GraphLine, currentVersion, graphVersion, ofGraph } from "./graphs.ts";
import { graphVersions } from "./schema.ts";

export interface NewGraphVersion {
  readonly graphId: string;
  readonly assistantId: string;
  readonly hash: string;
  readonly document: string;
  readonly source: string;
  readonly sourceType: "json" | "yaml";
}

/** Who does it, and when. */
export interface Act {
  readonly atMs: number;
  /** The API key's id; null where none is needed. */
  readonly keyId: string | null;
}

export interface Stored {
  readonly line: GraphLine;
  /** Whether the version is new. */
  readonly created: boolean;
}

/** Stores a version that no run uses unless it asks for it by number; a document that the graph has at its front makes none. */
export async function storeDraft(
  database: Database,
  tenant: string,
  graph: NewGraphVersion,
  act: Act,
): Promise<Stored> {
  const version = await insertVersion(database, tenant, graph, act, "draft");
  const known = version ?? (await versionOfHash(database, tenant, graph));
  return { line: await requireLine(database, tenant, graph.graphId, known), created: version !== undefined };
}

/** Makes this document the current version, as a new one unless it is the current or the newest already. */
export async function storePublished(
  database: Database,
  tenant: string,
  graph: NewGraphVersion,
  act: Act,
): Promise<Stored> {
  const version = await insertVersion(database, tenant, graph, act, "current");
  const known = version ?? (await versionOfHash(database, tenant, graph));
  if (version === undefined) await publishVersion(database, tenant, graph.graphId, known, act);
  return { line: await requireLine(database, tenant, graph.graphId, known), created: version !== undefined };
}

/**
 * Makes a version the current one; nothing happens to one that is, or that is not there. The place in the order is counted and
 * taken in one statement, so of two at once the one that D1 hears last is current.
 */
export async function publishVersion(
  database: Database,
  tenant: string,
  graphId: string,
  version: number,
  act: Act,
): Promise<void> {
  const next = sql<number>`(select coalesce(max(other.publication), 0) + 1 from graph_versions as other
    where other.tenant = ${tenant} and other.graph_id = ${graphId})`;
  const isNotCurrent = or(isNull(graphVersions.publication), ne(graphVersions.version, currentVersion));
  await database
    .update(graphVersions)
    .set({ publication: next, publishedAt: act.atMs, publishedBy: act.keyId })
    .where(and(ofGraph(tenant, graphId), eq(graphVersions.version, version), isNotCurrent));
}

/** One statement counts the versions and adds the next: two at once get two numbers, or one of them both. */
async function insertVersion(
  database: Database,
  tenant: string,
  graph: NewGraphVersion,
  act: Act,
  as: "draft" | "current",
): Promise<number | undefined> {
  const publication =
    as === "draft" ? sql`null, null, null` : sql`coalesce(max(publication), 0) + 1, ${act.atMs}, ${act.keyId}`;
  const ofThisGraph = sql`from graph_versions where tenant = ${tenant} and graph_id = ${graph.graphId}`;
  const inserted = await database.all<{ version: number }>(sql`
    insert into graph_versions
      (tenant, graph_id, version, assistant_id, hash, document, source, source_type, created_at,
       publication, published_at, published_by)
    select ${tenant}, ${graph.graphId}, coalesce(max(version), 0) + 1, ${graph.assistantId}, ${graph.hash},
      ${graph.document}, ${graph.source}, ${graph.sourceType}, ${act.atMs}, ${publication}
    ${ofThisGraph}
    having ${graph.hash} not in (
      coalesce((select hash ${ofThisGraph} order by version desc limit 1), ''),
      coalesce((select hash ${ofThisGraph} and publication is not null
        order by publication desc, version desc limit 1), ''))
    returning version`);
  return inserted[0]?.version;
}

/** The version that holds a document which made no new one: the current before the newest. */
async function versionOfHash(database: Database, tenant: string, graph: NewGraphVersion): Promise<number> {
  const rows = await database
    .select({ version: graphVersions.version })
    .from(graphVersions)
    .where(and(ofGraph(tenant, graph.graphId), eq(graphVersions.hash, graph.hash)))
    .orderBy(sql`graph_versions.version = ${currentVersion} desc, graph_versions.version desc`)
    .limit(1);
  return rows[0]?.version ?? 0;
}

async function requireLine(database: Database, tenant: string, graphId: string, version: number): Promise<GraphLine> {
  const row = await graphVersion(database, tenant, graphId, version);
  if (row === undefined) throw new Error(`Version ${version} of graph "${graphId}" was neither there nor added.`);
  return row;
}
