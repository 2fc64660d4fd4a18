import { failure } from "../base/errors.ts";
import { isUuid, uuidv5 } from "../base/ids.ts";
import type { Database } from "../storage/database.ts";
import { GraphShelf } from "./graph-shelf.ts";
import { type RunnableGraph, runnableGraph, shownGraph } from "../storage/graphs.ts";

/** One shelf an isolate; what it remembers is bounded in number, size and time. */
export const graphShelf = new GraphShelf();

/** LangGraph's namespace of system assistants: every graph has one, and its id follows from the graph's. */
const NAMESPACE = "6ba7b821-9dad-11d1-80b4-00c04fd430c8";

export function assistantIdOf(graphId: string): string {
  return uuidv5(graphId, NAMESPACE);
}

export interface AssistantReference {
  readonly name: string;
  /** A version asked for by number; undefined: the current one. */
  readonly version: number | undefined;
}

/** `name` or `name@3`. Neither a graph's id nor a UUID has an `@`, so nothing else can be meant; what is no number is a name. */
export function parseAssistantId(assistantId: string): AssistantReference {
  const [, name, version] = /^([^@]+)@([1-9]\d{0,8})$/.exec(assistantId) ?? [];
  if (name === undefined) return { name: assistantId, version: undefined };
  return { name, version: Number(version) };
}

/** The version that an `assistant_id` means: the current one of a graph, named by its id or an assistant's, or a pinned one. */
export function findAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
): Promise<RunnableGraph | undefined> {
  const { name, version } = parseAssistantId(assistantId);
  const names = isUuid(name) ? { graphId: name, assistantId: name.toLowerCase() } : { graphId: name };
  return runnableGraph(database, tenant, names, version);
}

/**
 * For starting a run. @throws EdgewiseError `unknown_graph`, with the text of the reference server.
 * @param pointer where the request named it
 */
export async function requireAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
  pointer = "/assistant_id",
): Promise<RunnableGraph> {
  const find = () => findAssistant(database, tenant, assistantId);
  const row = await graphShelf.find(tenant, assistantId, find, Date.now());
  if (row !== undefined) return row;
  const text = `No assistant found for "${assistantId}". Make sure the assistant ID is for a valid assistant or a valid graph ID.`;
  const hint = await draftHint(database, tenant, parseAssistantId(assistantId));
  throw failure("unknown_graph", `${text}${hint}`, { pointer });
}

/** Somebody who stored only drafts is told what is missing. */
async function draftHint(database: Database, tenant: string, { name, version }: AssistantReference): Promise<string> {
  const row = version === undefined ? await shownGraph(database, tenant, name) : undefined;
  return row?.status === "draft"
    ? ` There are only drafts of it: publish one, or name one, as in "${name}@${row.version}".`
    : "";
}
