import { type JsonObject, isJsonObject } from "../base/json.ts";
import { unknownGraphText } from "../graph/compile-inside.ts";
import { GRAPH_NAME } from "../graph/schema.ts";
import type { VersionStatus } from "../storage/graphs.ts";
import { parseAssistantId } from "./assistant-id.ts";
import { heldNames, mapReferences } from "./graph-references.ts";

/** A version as linking needs it. Its document is whole: what it names was linked when it was stored. */
export interface LinkableVersion {
  readonly graphId: string;
  readonly version: number;
  readonly status: VersionStatus;
  /** As JSON. */
  readonly document: string;
}

/** Without a number: the current version or, where there is none, the newest draft. */
export type FindVersion = (graphId: string, version: number | undefined) => Promise<LinkableVersion | undefined>;

export interface Link {
  /** As the document's nodes say it: `brief` or `brief@3`. */
  readonly name: string;
  readonly graphId: string;
  readonly version: number;
}

/** Why a name could not be linked, for whoever wrote it. */
export interface Refusal {
  readonly code: "unknown_graph" | "endless_nesting" | "too_large";
  readonly message: string;
  readonly hint: string;
}

export interface Linked {
  readonly document: JsonObject;
  readonly links: readonly Link[];
  /** By name; such a name stays in the document as it is. */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** Each is a look-up. */
export const MOST_LINKS = 32;
/** Characters of all linked documents together: the whole is one row of D1, beside its text. */
export const MOST_LINKED = 512 * 1024;

/**
 * Makes a document whole: each graph that a node names and no `graphs` around it holds is put under the document's own
 * `graphs` as `brief@3`, and the nodes say that instead. So a version runs the same graphs for ever, whatever is
 * published later. A name without a number means the version that is current now.
 * @param runsGraph whether nodes of this kind run the graph that their field `graph` names
 */
export async function linkGraphs(
  document: JsonObject,
  runsGraph: (kind: string) => boolean,
  find: FindVersion,
): Promise<Linked> {
  const names = outsideNames(document, runsGraph);
  const linking = new Linking(document, runsGraph);
  for (const name of names) await linking.link(name, find);
  return { document: linking.applied(runsGraph), links: linking.links, refusals: linking.refusals };
}

/** The names that linking has to look up, in the order in which they come. */
export function outsideNames(document: JsonObject, runsGraph: (kind: string) => boolean): ReadonlySet<string> {
  const names = new Set<string>();
  mapReferences(document, runsGraph, (name) => {
    if (GRAPH_NAME.test(name)) names.add(name);
    return name;
  });
  return names;
}

class Linking {
  readonly links: Link[] = [];
  readonly refusals = new Map<string, Refusal>();
  readonly #document: JsonObject;
  readonly #held: ReadonlySet<string>;
  readonly #added = new Map<string, JsonObject>();
  #looked = 0;
  #size = 0;

  constructor(document: JsonObject, runsGraph: (kind: string) => boolean) {
    this.#document = document;
    this.#held = heldNames(document, runsGraph);
  }

  async link(name: string, find: FindVersion): Promise<void> {
    const { name: graphId, version } = parseAssistantId(name);
    if (graphId === this.#document["id"] && version === undefined) {
      this.refusals.set(name, itself(graphId));
      return;
    }
    this.#looked += 1;
    if (this.#looked > MOST_LINKS) {
      this.refusals.set(name, tooLarge(`A document links at most ${MOST_LINKS} graphs.`));
      return;
    }
    const found = await find(graphId, version);
    const refusal = found === undefined ? unknown(name) : this.#refusalOf(name, found);
    if (refusal !== undefined) this.refusals.set(name, refusal);
    if (found === undefined || refusal !== undefined) return;
    this.links.push({ name, graphId, version: found.version });
    this.#added.set(`${graphId}@${found.version}`, JSON.parse(found.document) as JsonObject);
  }

  /** The document with what was found, and with names that say which version it is. */
  applied(runsGraph: (kind: string) => boolean): JsonObject {
    if (this.links.length === 0) return this.#document;
    const targets = new Map(this.links.map(({ name, graphId, version }) => [name, `${graphId}@${version}`]));
    const renamed = mapReferences(this.#document, runsGraph, (name) => targets.get(name) ?? name);
    const { graphs } = renamed;
    const all = [...Object.entries(isJsonObject(graphs) ? graphs : {}), ...this.#added];
    return { ...renamed, graphs: Object.fromEntries(all) };
  }

  #refusalOf(name: string, { graphId, version, status, document }: LinkableVersion): Refusal | undefined {
    if (status === "draft") return draft(name, graphId, version);
    const place = `${graphId}@${version}`;
    if (this.#added.has(place)) return undefined;
    // a name that gains its number could come to mean another graph; one that has it cannot
    if (name !== place && this.#held.has(place)) return taken(name, place);
    this.#size += document.length;
    if (this.#size <= MOST_LINKED) return undefined;
    return tooLarge(`With "${place}" the linked graphs have more than ${MOST_LINKED} characters.`);
  }
}

function unknown(name: string): Refusal {
  const hint = "Publish it, put it under graphs, or write the graph here.";
  return { code: "unknown_graph", message: unknownGraphText(name), hint };
}

function draft(name: string, graphId: string, version: number): Refusal {
  const message =
    name === graphId ? `There are only drafts of "${graphId}".` : `Version ${version} of "${graphId}" is a draft.`;
  const hint = `Publish it first, as by POST /graphs/${graphId}/versions/${version}/publish.`;
  return { code: "unknown_graph", message, hint };
}

function itself(graphId: string): Refusal {
  const message = `"${graphId}" is this graph itself, which would run inside of itself without end.`;
  const hint = `Say which of its older versions is meant, as in "${graphId}@1"; a loop of edges repeats.`;
  return { code: "endless_nesting", message, hint };
}

function taken(name: string, place: string): Refusal {
  const message = `"${name}" is "${place}" now, and this document has a graph of its own under that name.`;
  return { code: "unknown_graph", message, hint: `Name "${place}" to run that one, or take it out of graphs.` };
}

function tooLarge(message: string): Refusal {
  return { code: "too_large", message, hint: "Link fewer graphs, or smaller ones." };
}
