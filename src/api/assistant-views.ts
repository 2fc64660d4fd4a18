import type { z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { isUuid } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { type AssistantRow, type AssistantVersion, storedAssistant } from "../storage/assistants.ts";
import type { GraphLine } from "../storage/graphs.ts";
import { assistantIdOf, findAssistant, parseAssistantId } from "./assistant-id.ts";
import type { ApiContext } from "./context.ts";
import type { Assistant, AssistantVersionView } from "./views.ts";

/** What says that an assistant is its graph's own. */
const BY_SYSTEM: JsonObject = { created_by: "system" };

/** A graph's own assistant, as long as nobody has changed it. */
export function systemAssistant(line: Pick<GraphLine, "graphId" | "createdAt">): AssistantRow {
  const { graphId, createdAt } = line;
  return {
    assistantId: assistantIdOf(graphId),
    graphId,
    name: graphId,
    description: null,
    config: {},
    context: {},
    metadata: BY_SYSTEM,
    version: 1,
    latest: 1,
    createdAt,
    updatedAt: createdAt,
  };
}

export interface FoundAssistant {
  readonly row: AssistantRow;
  /** Its graph's own. */
  readonly isSystem: boolean;
  /** False: a system assistant that nobody has changed, which has no row. */
  readonly isStored: boolean;
}

/** @throws EdgewiseError `not_found`, the same for what is not there and what is another tenant's */
export async function requireFound(c: ApiContext, assistantId: string): Promise<FoundAssistant> {
  const { database, tenant } = c.var;
  const { name } = parseAssistantId(assistantId);
  const stored = isUuid(name) ? await storedAssistant(database, tenant, name.toLowerCase()) : undefined;
  if (stored !== undefined) return found(stored, true);
  const graph = await findAssistant(database, tenant, assistantId);
  if (graph === undefined) throw failure("not_found", "Assistant not found");
  return graph.assistant === null ? found(systemAssistant(graph), false) : found(graph.assistant, true);
}

function found(row: AssistantRow, isStored: boolean): FoundAssistant {
  return { row, isStored, isSystem: row.assistantId === assistantIdOf(row.graphId) };
}

export function toVersionView(row: AssistantVersion): z.infer<typeof AssistantVersionView> {
  const { assistantId, graphId, config, context, metadata, version, name, description, createdAt } = row;
  return {
    assistant_id: assistantId,
    graph_id: graphId,
    config,
    context,
    metadata,
    version,
    name,
    description,
    created_at: new Date(createdAt).toISOString(),
  };
}

export function toAssistantView(row: AssistantRow): z.infer<typeof Assistant> {
  return { ...toVersionView(row), updated_at: new Date(row.updatedAt).toISOString() };
}
