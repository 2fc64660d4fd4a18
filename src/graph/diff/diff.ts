import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { oneLine } from "../draw/labels.ts";
import { toPointer } from "../../base/pointer.ts";
import { looksLikeGraph } from "../graphs-inside.ts";
import type { Path } from "../problems.ts";
import { inWords, nounOf, summaryOf } from "./change.ts";
import type { Change, Part } from "./change.ts";
import { conditionName, edgeName, keyedEdges } from "./edges.ts";
import { movedKeys } from "./order.ts";
import { entryOf, same, sameInOrder } from "./same.ts";
import type { Maybe } from "./same.ts";

export type { Change, Part } from "./change.ts";

/** A node that went and one that came with the same content: most likely one node with another id. */
export interface LikelyRename {
  readonly before: string;
  readonly after: string;
}

export interface GraphDiff {
  /** In the order of the document; empty exactly when both documents have one hash. */
  readonly changes: readonly Change[];
  /**
   * A hint for who reads the changes, which still say "removed" and "added": an id is what a run's history, edges and
   * streams call a node by, so another id is another node, whatever is in it.
   */
  readonly likelyRenames: readonly LikelyRename[];
  /** Everything in one line. */
  readonly summary: string;
}

/** What changed between two documents, by the ids of their parts, those of graphs inside too. Takes any JSON object; never throws. */
export function diffGraphs(before: JsonObject, after: JsonObject): GraphDiff {
  const changes = diffGraph({ at: [], prefix: "" }, before, after).map(
    (change): Change => ({ ...change, text: oneLine(change.text, LONGEST_LINE) }),
  );
  return { changes, likelyRenames: likelyRenames(changes), summary: oneLine(summaryOf(changes), LONGEST_LINE) };
}

/** Names in a document with mistakes may be anything. */
const LONGEST_LINE = 400;

/** The graph that a change is in: the document's own, or one inside. */
interface Whose {
  readonly at: Path;
  /** Before the names of its parts: empty, or `brief/`. */
  readonly prefix: string;
}

function diffGraph(whose: Whose, before: JsonObject, after: JsonObject): Change[] {
  return [...keysOfBoth(before, after)].flatMap((key) =>
    diffEntry(whose, key, entryOf(before, key), entryOf(after, key)),
  );
}

function diffEntry(whose: Whose, key: string, before: Maybe, after: Maybe): Change[] {
  const part: Part = key === "input" || key === "output" || key === "limits" ? key : "graph";
  const subject = { part, name: whose.prefix + key, path: [...whose.at, key], whose };
  return diffParts(whose, key, before, after) ?? diffValue(subject, before, after);
}

/** Undefined where there are no parts to tell apart, so that the whole is compared. */
function diffParts(whose: Whose, key: string, before: Maybe, after: Maybe): Change[] | undefined {
  if (key === "channels" || key === "nodes") {
    return diffSection(key === "nodes" ? "node" : "channel", { whose, key }, before, after);
  }
  if (key === "edges") return diffEdges(whose, before, after);
  if (key !== "graphs" || !isJsonObject(before) || !isJsonObject(after)) return undefined;
  return [...keysOfBoth(before, after)].flatMap((name) => {
    const [old, now] = [entryOf(before, name), entryOf(after, name)];
    const path = [...whose.at, key, name];
    if (isJsonObject(old) && isJsonObject(now))
      return diffInside({ at: path, prefix: `${whose.prefix}${name}/` }, old, now);
    return diffValue({ part: "graph", name: whose.prefix + key, path, whose }, old, now);
  });
}

/** No document that compiles has graphs as deep within each other; what is deeper is compared as a whole. */
const DEEPEST_GRAPH = 160;

function diffInside(whose: Whose, before: JsonObject, after: JsonObject): Change[] {
  if (whose.at.length <= DEEPEST_GRAPH) return diffGraph(whose, before, after);
  const name = whose.prefix.slice(0, -1);
  return sameInOrder([], before, after)
    ? []
    : [changeOf({ part: "graph", name, path: whose.at, whose }, before, after)];
}

interface Subject {
  readonly part: Part;
  readonly name: string;
  readonly path: Path;
  readonly whose: Whose;
}

/** Nodes or channels; undefined where there is nothing to tell apart by name, so that the whole is compared. */
function diffSection(
  part: "node" | "channel",
  { whose, key }: { readonly whose: Whose; readonly key: string },
  before: Maybe,
  after: Maybe,
): Change[] | undefined {
  const [old, now] = [before ?? {}, after ?? {}];
  if (!isJsonObject(old) || !isJsonObject(now)) return undefined;
  const [oldNames, names] = [Object.keys(old), Object.keys(now)];
  if (before !== after && oldNames.length + names.length === 0) return undefined;
  const moved = movedKeys(oldNames, names);
  const [oldPlaces, places] = [placesOf(oldNames), placesOf(names)];
  return [...keysOfBoth(old, now)].flatMap((name) => {
    const subject = { part, name: whose.prefix + name, path: [...whose.at, key, name], whose };
    const changes = diffValue(subject, entryOf(old, name), entryOf(now, name));
    if (!moved.has(name)) return changes;
    return [...changes, moveOf(subject, oldPlaces.get(name) ?? 0, places.get(name) ?? 0)];
  });
}

function diffEdges(whose: Whose, before: Maybe, after: Maybe): Change[] | undefined {
  const [old, now] = [before ?? [], after ?? []];
  if (!Array.isArray(old) || !Array.isArray(now) || old.length + now.length === 0) return undefined;
  const [oldEdges, edges] = [keyedEdges(old), keyedEdges(now)];
  const moved = movedKeys([...oldEdges.keys()], [...edges.keys()]);
  const changes: Change[] = [];
  for (const key of new Set([...oldEdges.keys(), ...edges.keys()])) {
    const [was, is] = [oldEdges.get(key), edges.get(key)];
    const subject: Subject = {
      part: "edge",
      name: whose.prefix + edgeName(is?.value ?? was?.value ?? null),
      path: [...whose.at, "edges", is?.index ?? was?.index ?? 0],
      whose,
    };
    if (is === undefined || was === undefined || !same(was.value, is.value)) {
      changes.push(changeOf(subject, was?.value, is?.value));
    }
    if (moved.has(key)) changes.push(moveOf(subject, was?.index ?? 0, is?.index ?? 0));
  }
  return changes;
}

/** Deeper values are compared as a whole: nothing the format gives a meaning to lies below. */
const DEEPEST = 20;

/** The smallest fields that differ, so that a long prompt's neighbour changes alone. Lists are compared whole. */
function diffValue(subject: Subject, before: Maybe, after: Maybe): Change[] {
  const { part, path, whose } = subject;
  const below = path.slice(whose.at.length);
  if (sameInOrder(below, before, after)) return [];
  if (!isJsonObject(before) || !isJsonObject(after) || below.length > DEEPEST) {
    return [changeOf(subject, before, after)];
  }
  if (part === "node" && below.length > 2 && looksLikeGraph(before) && looksLikeGraph(after)) {
    return diffInside({ at: path, prefix: `${subject.name}/` }, before, after);
  }
  return [...keysOfBoth(before, after)].flatMap((key) =>
    diffValue({ ...subject, path: [...subject.path, key] }, entryOf(before, key), entryOf(after, key)),
  );
}

function changeOf(subject: Subject, before: Maybe, after: Maybe): Change {
  const { part, name } = subject;
  const place = { part, name, path: toPointer(subject.path) };
  const noun = phraseOf(subject);
  if (part === "edge") return edgeChange(place, noun, before, after);
  if (before === undefined) {
    const value = after ?? null;
    return { ...place, kind: "added", after: value, text: `${noun} added (${inWords(value)})` };
  }
  if (after === undefined) return { ...place, kind: "removed", before, text: `${noun} removed (${inWords(before)})` };
  return { ...place, kind: "changed", before, after, text: `${noun} changed ${fromTo(before, after)}` };
}

function fromTo(before: Json, after: Json): string {
  const [old, now] = [inWords(before), inWords(after)];
  return old === now ? `(${now})` : `from ${old} to ${now}`;
}

type Located = Pick<Change, "part" | "name" | "path">;

function edgeChange(place: Located, noun: string, before: Maybe, after: Maybe): Change {
  if (before === undefined) {
    const value = after ?? null;
    return { ...place, kind: "added", after: value, text: `${noun} added, taken ${conditionName(value)}` };
  }
  if (after === undefined) return { ...place, kind: "removed", before, text: `${noun} removed` };
  const text = `${noun} taken ${conditionName(after)}, was ${conditionName(before)}`;
  return { ...place, kind: "changed", before, after, text };
}

function moveOf(subject: Subject, before: number, after: number): Change {
  const { part, name, path } = subject;
  const text = `${nounOf(part, name)} moved from place ${before + 1} to ${after + 1}`;
  return { kind: "moved", part, name, path: toPointer(path), before, after, text };
}

/** `node "draft": retry/attempts`; a part that is meant as a whole goes by its noun alone. */
function phraseOf({ part, name, path, whose }: Subject): string {
  if (part === "graph") return path.join("/").slice(0, 120);
  const own = part === "node" || part === "channel" || part === "edge" ? 2 : 1;
  const field = path
    .slice(whose.at.length + own)
    .join("/")
    .slice(0, 120);
  return field === "" ? nounOf(part, name) : `${nounOf(part, name)}: ${field}`;
}

/** More that went and came at once is another graph, not a renamed one. */
const MOST_RENAMES = 50;

function likelyRenames(changes: readonly Change[]): LikelyRename[] {
  const nodes = changes.filter(({ part, path }) => part === "node" && path.split("/").length === 3);
  const gone = nodes.filter((change) => change.kind === "removed");
  const come = nodes.filter((change) => change.kind === "added");
  if (gone.length > MOST_RENAMES || come.length > MOST_RENAMES) return [];
  return gone.flatMap((removed) => {
    const twins = come.filter((added) => same(removed.before, added.after));
    const rivals = gone.filter((other) => same(removed.before, other.before));
    const [twin] = twins;
    // with two candidates on either side nobody knows which became which
    return twin === undefined || twins.length > 1 || rivals.length > 1
      ? []
      : [{ before: removed.name, after: twin.name }];
  });
}

function keysOfBoth(one: JsonObject, other: JsonObject): Set<string> {
  return new Set([...Object.keys(one), ...Object.keys(other)]);
}

function placesOf(keys: readonly string[]): Map<string, number> {
  return new Map(keys.map((key, index) => [key, index]));
}
