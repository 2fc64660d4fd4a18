import { type SQL, and, asc, desc, eq, gt, isNotNull, lt, sql } from "drizzle-orm";
import { type AssistantRow, fromTexts } from "./assistants.ts";
import type { Database } from "./database.ts";
import { assistants, graphVersions } from "./schema.ts";

/** `current`: what runs use. `published`: was current once. `draft`: never was. */
export type VersionStatus = "draft" | "published" | "current";

/** A version in a list: without its texts. */
export interface GraphLine {
  readonly graphId: string;
  readonly assistantId: string;
  readonly version: number;
  readonly hash: string;
  readonly status: VersionStatus;
  readonly createdAt: number;
  /** When it last became current; null for a draft. */
  readonly publishedAt: number | null;
  /** The id of the API key that published it; null for a draft, and where there was no key. */
  readonly publishedBy: string | null;
}

export interface GraphVersionRow extends GraphLine {
  readonly document: string;
  readonly source: string;
  readonly sourceType: "json" | "yaml";
}

/** Names are written out, because drizzle leaves the table's away, which a subquery on the same table cannot do without. */
const sameGraph = sql`other.tenant = graph_versions.tenant and other.graph_id = graph_versions.graph_id`;
/** The number of the current version of a row's graph; null if all are drafts. */
export const currentVersion: SQL<number | null> = sql`(
  select other.version from graph_versions as other where ${sameGraph} and other.publication is not null
  order by other.publication desc, other.version desc limit 1)`;
/** What is shown of a graph: the current version or, before the first publication, the newest draft (null sorts last). */
const shownVersion = sql`(
  select other.version from graph_versions as other where ${sameGraph}
  order by other.publication desc, other.version desc limit 1)`;

const lineColumns = {
  graphId: graphVersions.graphId,
  assistantId: graphVersions.assistantId,
  version: graphVersions.version,
  hash: graphVersions.hash,
  status: sql<VersionStatus>`case when graph_versions.publication is null then 'draft'
    when graph_versions.version = ${currentVersion} then 'current' else 'published' end`,
  createdAt: graphVersions.createdAt,
  publishedAt: sql<number | null>`case when graph_versions.publication is null then null
    else coalesce(graph_versions.published_at, graph_versions.created_at) end`,
  publishedBy: graphVersions.publishedBy,
};
const rowColumns = {
  ...lineColumns,
  document: graphVersions.document,
  source: graphVersions.source,
  sourceType: graphVersions.sourceType,
};

/** A graph by its id or, where the name may be that of an assistant, by the assistant's. */
export interface GraphName {
  readonly graphId: string;
  readonly assistantId?: string;
}

/** What a run is started on: a version, and the assistant by which it was named, whose `assistantId` it has. */
export interface RunnableGraph extends GraphVersionRow {
  /** Null: its graph's own, as nobody has changed it. */
  readonly assistant: AssistantRow | null;
}

/**
 * What runs use: the current version, or the one asked for, be it a draft, with the assistant that the name means. One query,
 * because every start may ask it.
 */
export async function runnableGraph(
  database: Database,
  tenant: string,
  name: GraphName,
  version: number | undefined,
): Promise<RunnableGraph | undefined> {
  const wanted = version === undefined ? isNotNull(graphVersions.publication) : eq(graphVersions.version, version);
  const rows = await database
    .select({ graph: rowColumns, assistant: assistants })
    .from(graphVersions)
    .leftJoin(
      assistants,
      and(
        eq(assistants.tenant, graphVersions.tenant),
        eq(assistants.graphId, graphVersions.graphId),
        eq(assistants.assistantId, assistantIdOf(tenant, name)),
      ),
    )
    .where(and(ofGraph(tenant, graphIdOf(tenant, name)), wanted))
    .orderBy(desc(graphVersions.publication), desc(graphVersions.version))
    .limit(1);
  const [row] = rows;
  if (row === undefined) return undefined;
  const assistant = row.assistant && fromTexts(row.assistant);
  return { ...row.graph, assistantId: assistant?.assistantId ?? row.graph.assistantId, assistant };
}

/** The one named, or else the graph's own. */
function assistantIdOf(tenant: string, { assistantId }: GraphName): SQL {
  if (assistantId === undefined) return sql`${graphVersions.assistantId}`;
  return sql`coalesce((select other.assistant_id from assistants as other
    where other.tenant = ${tenant} and other.assistant_id = ${assistantId}), ${graphVersions.assistantId})`;
}

function graphIdOf(tenant: string, { graphId, assistantId }: GraphName): string | SQL {
  if (assistantId === undefined) return graphId;
  return sql`coalesce((select other.graph_id from assistants as other
      where other.tenant = ${tenant} and other.assistant_id = ${assistantId}),
    (select other.graph_id from graph_versions as other
      where other.tenant = ${tenant} and other.assistant_id = ${assistantId} limit 1), ${graphId})`;
}

/** The current version or, before the first publication, the newest draft. */
export function shownGraph(database: Database, tenant: string, graphId: string): Promise<GraphVersionRow | undefined> {
  return firstOf(database, ofGraph(tenant, graphId));
}

export function graphVersion(
  database: Database,
  tenant: string,
  graphId: string,
  version: number,
): Promise<GraphVersionRow | undefined> {
  return firstOf(database, and(ofGraph(tenant, graphId), eq(graphVersions.version, version)));
}

/** Newest first; `before` is the last version of the page before. */
export function listGraphVersions(
  database: Database,
  tenant: string,
  graphId: string,
  page: { readonly limit: number; readonly before?: number },
): Promise<readonly GraphLine[]> {
  const older = page.before === undefined ? undefined : lt(graphVersions.version, page.before);
  return database
    .select(lineColumns)
    .from(graphVersions)
    .where(and(ofGraph(tenant, graphId), older))
    .orderBy(desc(graphVersions.version))
    .limit(page.limit);
}

/** By id, each as its current version; `drafts`: also graphs that have only drafts, each as its newest. */
export function listGraphs(
  database: Database,
  tenant: string,
  page: { readonly limit: number; readonly after?: string; readonly drafts: boolean },
): Promise<readonly GraphLine[]> {
  const later = page.after === undefined ? undefined : gt(graphVersions.graphId, page.after);
  const shown = eq(graphVersions.version, page.drafts ? shownVersion : currentVersion);
  return database
    .select(lineColumns)
    .from(graphVersions)
    .where(and(eq(graphVersions.tenant, tenant), later, shown))
    .orderBy(asc(graphVersions.graphId))
    .limit(page.limit);
}

export function ofGraph(tenant: string, graphId: string | SQL): SQL | undefined {
  return and(eq(graphVersions.tenant, tenant), eq(graphVersions.graphId, graphId));
}

/** Of the rows: the one published last or, if none is, the newest. */
async function firstOf(database: Database, where: SQL | undefined): Promise<GraphVersionRow | undefined> {
  const rows = await database
    .select(rowColumns)
    .from(graphVersions)
    .where(where)
    .orderBy(desc(graphVersions.publication), desc(graphVersions.version))
    .limit(1);
  return rows[0];
}
