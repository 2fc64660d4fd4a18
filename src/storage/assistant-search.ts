import { type SQL, sql } from "drizzle-orm";
import type { JsonObject } from "../base/json.ts";
import { type AssistantRow, fromTexts } from "./assistants.ts";
import { contains } from "./containment.ts";
import type { Database } from "./database.ts";
import { currentVersion } from "./graphs.ts";

/** What an assistant must be to be found; what is left out does not matter. */
export interface AssistantFilter {
  readonly graphId?: string;
  /** A part of its name, upper and lower case alike. */
  readonly name?: string;
  readonly metadata?: JsonObject;
}

const SORTED = {
  assistant_id: sql`assistant_id`,
  graph_id: sql`graph_id`,
  name: sql`search_name`,
  created_at: sql`created_at`,
  updated_at: sql`updated_at`,
} as const;
export type AssistantOrder = keyof typeof SORTED;

export interface AssistantPage {
  readonly by: AssistantOrder;
  readonly descending: boolean;
  readonly limit: number;
  readonly offset: number;
}

type Line = Omit<AssistantRow, "config" | "context" | "metadata"> & Record<"config" | "context" | "metadata", string>;

/** Those with a row, and the system assistants of the other graphs as if they had one. */
function allOf(tenant: string): SQL {
  return sql`(
    select assistant_id, graph_id, name, search_name, description, config, context, metadata, version, latest,
      created_at, updated_at, rowid as place
    from assistants where tenant = ${tenant}
    union all
    select assistant_id, graph_id, graph_id, lower(graph_id), null, '{}', '{}', '{"created_by":"system"}', 1, 1,
      created_at, created_at, rowid
    from graph_versions where tenant = ${tenant} and version = ${currentVersion} and not exists (
      select 1 from assistants as own
      where own.tenant = graph_versions.tenant and own.assistant_id = graph_versions.assistant_id))`;
}

function conditions({ graphId, name, metadata }: AssistantFilter): SQL {
  const asked = [
    ...(graphId === undefined ? [] : [sql`graph_id = ${graphId}`]),
    ...(name === undefined ? [] : [sql`instr(search_name, ${name.toLowerCase()}) > 0`]),
    ...(metadata === undefined ? [] : [contains(sql`known.metadata`, metadata)]),
  ];
  return sql.join([sql`1 = 1`, ...asked], sql` and `);
}

/** A page of them; of equals the one that was made first counts as the lesser. */
export async function searchAssistants(
  database: Database,
  tenant: string,
  filter: AssistantFilter,
  page: AssistantPage,
): Promise<readonly AssistantRow[]> {
  const way = page.descending ? sql`desc` : sql`asc`;
  const rows = await database.all<Line>(sql`
    select assistant_id as assistantId, graph_id as graphId, name, description, config, context, metadata, version,
      latest, created_at as createdAt, updated_at as updatedAt
    from ${allOf(tenant)} as known where ${conditions(filter)}
    order by ${SORTED[page.by]} ${way}, place ${way}, assistant_id ${way} limit ${page.limit} offset ${page.offset}`);
  return rows.map(fromTexts);
}

export async function countAssistants(database: Database, tenant: string, filter: AssistantFilter): Promise<number> {
  const rows = await database.all<{ total: number }>(sql`
    select count(*) as total from ${allOf(tenant)} as known where ${conditions(filter)}`);
  return rows[0]?.total ?? 0;
}
