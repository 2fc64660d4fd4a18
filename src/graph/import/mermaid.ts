import { MOST_NODES } from "../compile-nodes.ts";
import { LARGEST_TEXT } from "../text/bounds.ts";
import { toDraft } from "./draft.ts";
import { linesOfLabel } from "./mermaid-label.ts";
import { statementsOf } from "./mermaid-lines.ts";
import type { Statement } from "./mermaid-lines.ts";
import { StatementReader } from "./mermaid-statement.ts";
import type { MermaidArrow, MermaidNode } from "./mermaid-statement.ts";
import { END, MOST_LINKS, Notes, START } from "./sketch.ts";
import type { Imported, Sketch, SketchLink, SketchVertex } from "./sketch.ts";

/** More of a label is not looked at. */
const LONGEST_LABEL = 1000;
const HEADER = /^(?:graph|flowchart)(?:-elk)?(?:\s+(?:TB|TD|BT|RL|LR))?$/;
/** What a statement may begin with that is no node. */
const STYLING = /^(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr)(?=[\s:{]|$)/;

/** Imports a Mermaid flowchart: LangGraph's, ours or anybody's. Never throws; takes time in proportion to the text. */
export function importMermaid(text: string, id: string): Imported {
  const notes = new Notes();
  return toDraft(sketchOf(text, notes), id, notes);
}

function sketchOf(text: string, notes: Notes): Sketch {
  if (text.length > LARGEST_TEXT) {
    notes.add("the text", "line 1", `It has ${text.length} characters; ${LARGEST_TEXT} are read.`);
    return { vertices: [], links: [] };
  }
  const [header, ...statements] = statementsOf(text, notes);
  if (header === undefined || !HEADER.test(header.text)) {
    notes.add(
      JSON.stringify(header?.text.slice(0, 60) ?? ""),
      `line ${header?.line ?? 1}`,
      "A flowchart begins with graph or flowchart, and a direction.",
    );
    return { vertices: [], links: [] };
  }
  const drawing = new Drawing(notes);
  for (const statement of statements) drawing.add(statement);
  return drawing.sketch();
}

interface Drawn {
  readonly node: MermaidNode;
  readonly line: number;
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly dotted: boolean;
  readonly line: number;
}

/** What the statements have said so far. */
class Drawing {
  readonly #notes: Notes;
  readonly #drawn = new Map<string, Drawn>();
  readonly #lines: Line[] = [];
  readonly #groups = new Set<string>();
  #open = 0;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  add(statement: Statement): void {
    const { text, line } = statement;
    const where = `line ${line}`;
    const styling = STYLING.exec(text)?.[0];
    if (styling !== undefined) this.#notes.add(styling, where, "How it is drawn is not part of a graph.");
    else if (/^subgraph(?:\s|$)/.test(text)) this.#openGroup(text.slice("subgraph".length).trim(), where);
    else if (text === "end" && this.#open > 0) this.#open -= 1;
    else this.#addChain(statement);
  }

  #openGroup(title: string, where: string): void {
    this.#open += 1;
    const key = /^[^\s[("]+/.exec(title)?.[0];
    if (key !== undefined) this.#groups.add(key);
    this.#notes.add(`subgraph ${title.slice(0, 80)}`, where, "Its nodes stand in the graph itself.");
  }

  #addChain({ text, line }: Statement): void {
    const chain = new StatementReader(text).read();
    if (chain === undefined) {
      this.#notes.add(
        JSON.stringify(text.slice(0, 80)),
        `line ${line}`,
        "It is neither a node nor an arrow between nodes.",
      );
      return;
    }
    for (const node of chain.groups.flat()) this.#addNode(node, line);
    for (const [index, arrow] of chain.arrows.entries()) {
      this.#addArrow(chain.groups[index] ?? [], arrow, chain.groups[index + 1] ?? [], line);
    }
  }

  #addNode(node: MermaidNode, line: number): void {
    const known = this.#drawn.get(node.key);
    // one more than a graph may have, and the two ends, so that the rest is known to be left out
    if (known === undefined && this.#drawn.size > MOST_NODES + 2) return;
    if (known === undefined || (known.node.label === undefined && node.label !== undefined))
      this.#drawn.set(node.key, { node, line: known?.line ?? line });
  }

  #addArrow(sources: readonly MermaidNode[], arrow: MermaidArrow, targets: readonly MermaidNode[], line: number): void {
    const where = `line ${line}`;
    if (!arrow.visible) {
      this.#notes.add("an invisible line", where, "It only places what it joins.");
      return;
    }
    if (arrow.heads === "none")
      this.#notes.add("a line without a head", where, "It is taken to lead from left to right.");
    if (this.#lines.length + sources.length * targets.length > MOST_LINKS) {
      this.#notes.add("arrows", where, `A graph has at most ${MOST_LINKS} edges.`);
      return;
    }
    const { dotted } = arrow;
    const label = linesOfLabel(arrow.label.slice(0, LONGEST_LABEL)).join(" ").trim();
    for (const { key: from } of sources) {
      for (const { key: to } of targets) {
        this.#lines.push({ from, to, label, dotted, line });
        if (arrow.heads === "both") this.#lines.push({ from: to, to: from, label, dotted, line });
      }
    }
  }

  sketch(): Sketch {
    const drawn = [...this.#drawn.values()].filter(
      ({ node }) => node.label !== undefined || !this.#groups.has(node.key),
    );
    const known = new Set(drawn.map(({ node }) => node.key));
    const ends = new Map(drawn.flatMap(({ node }) => endOf(node)));
    // LangGraph draws dotted what is chosen; others what goes back
    const dottedChooses = known.has("__start__") || known.has("__end__");
    const links = this.#lines.flatMap((line) => this.#linkOf(line, known, ends, dottedChooses));
    const vertices = drawn.flatMap(({ node, line }) => (ends.has(node.key) ? [] : [vertexOf(node, line)]));
    return { vertices, links };
  }

  #linkOf(
    { from, to, label, dotted, line }: Line,
    known: ReadonlySet<string>,
    ends: ReadonlyMap<string, "start" | "end">,
    dottedChooses: boolean,
  ): readonly SketchLink[] {
    const where = `line ${line}`;
    const stray = [from, to].find((key) => !known.has(key));
    if (stray !== undefined || ends.get(from) === "end" || ends.get(to) === "start") {
      const why =
        stray === undefined ? "Nothing leads from the end or to the start." : `"${stray.slice(0, 80)}" is no node.`;
      this.#notes.add(`the arrow ${from} → ${to}`, where, why);
      return [];
    }
    const conditional = label !== "" || (dotted && dottedChooses);
    return [{ from: ends.has(from) ? START : from, to: ends.has(to) ? END : to, conditional, label, where }];
  }
}

/** The two ends: LangGraph's names, or a round shape that says so. */
function endOf(node: MermaidNode): readonly (readonly [string, "start" | "end"])[] {
  if (node.key === "__start__") return [[node.key, "start"]];
  if (node.key === "__end__") return [[node.key, "end"]];
  if (!node.round) return [];
  const label = linesOfLabel((node.label ?? "").slice(0, LONGEST_LABEL))
    .join(" ")
    .trim()
    .toLowerCase();
  if (label === "start" || label === "__start__") return [[node.key, "start"]];
  return label === "end" || label === "__end__" || label === "stop" ? [[node.key, "end"]] : [];
}

function vertexOf({ key, label }: MermaidNode, line: number): SketchVertex {
  const [first = "", second = ""] = linesOfLabel((label ?? "").slice(0, LONGEST_LABEL)).filter((each) => each !== "");
  return { key, name: first === "" ? key : first, where: `line ${line}`, ...(second === "" ? {} : { does: second }) };
}
