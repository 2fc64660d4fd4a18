import { failure } from "../base/errors.ts";
import { uuidv5 } from "../base/ids.ts";
import type { Database } from "../storage/database.ts";
import { GraphShelf } from "./graph-shelf.ts";
import { type GraphVersionRow, latestGraph, latestGraphOfAssistant } from "../storage/graphs.ts";

/** One shelf an isolate; what it remembers is bounded in number, size and time. */
export const graphShelf = new GraphShelf();

/** LangGraph's namespace of system assistants: every graph has one, and its id follows from the graph's. */
const NAMESPACE = "6ba7b821-9dad-11d1-80b4-00c04fd430c8";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function assistantIdOf(graphId: string): string {
  return uuidv5(graphId, NAMESPACE);
}

/** The newest version of the graph that an `assistant_id` means: a graph's id, or its system assistant's. */
export async function findAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
): Promise<GraphVersionRow | undefined> {
  const row = UUID.test(assistantId)
    ? await latestGraphOfAssistant(database, tenant, assistantId.toLowerCase())
    : undefined;
  return row ?? latestGraph(database, tenant, assistantId);
}

/** For starting a run. @throws EdgewiseError `unknown_graph`, with the text of the reference server. */
export async function requireAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
): Promise<GraphVersionRow> {
  const find = () => findAssistant(database, tenant, assistantId);
  const row = await graphShelf.newest(tenant, assistantId, find, Date.now());
  if (row !== undefined) return row;
  const text = `No assistant found for "${assistantId}". Make sure the assistant ID is for a valid assistant or a valid graph ID.`;
  throw failure("unknown_graph", text, { pointer: "/assistant_id" });
}
