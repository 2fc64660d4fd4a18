/** A node as a statement names it; `label` where it stands with its shape. */
export interface MermaidNode {
  readonly key: string;
  readonly label?: string;
  readonly round: boolean;
}

/** An arrow between the groups of nodes before and after it. */
export interface MermaidArrow {
  readonly label: string;
  readonly dotted: boolean;
  /** An arrow has one head, at its end, unless it says otherwise. */
  readonly heads: "one" | "both" | "none";
  readonly visible: boolean;
}

/** `a & b --> c -.-> d`: groups with an arrow between each two. */
export interface MermaidChain {
  readonly groups: readonly (readonly MermaidNode[])[];
  readonly arrows: readonly MermaidArrow[];
}

/** Brackets around labels, longest first. */
const SHAPES: readonly (readonly [open: string, close: readonly string[], round: boolean])[] = [
  ["(((", [")))"], true],
  ["([", ["])"], true],
  ["[[", ["]]"], false],
  ["[(", [")]"], false],
  ["((", ["))"], true],
  ["{{", ["}}"], false],
  ["[/", ["/]", "\\]"], false],
  ["[\\", ["\\]", "/]"], false],
  [">", ["]"], false],
  ["[", ["]"], false],
  ["(", [")"], false],
  ["{", ["}"], false],
];

/** So far is looked for the end of a label that has no quotes. */
const LONGEST_LABEL = 2000;

/** Reads one statement of nodes and arrows, from left to right, each character once or twice. */
export class StatementReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Undefined where it is no such statement. */
  read(): MermaidChain | undefined {
    const groups: MermaidNode[][] = [];
    const arrows: MermaidArrow[] = [];
    for (;;) {
      const group = this.#group();
      if (group === undefined) return undefined;
      groups.push(group);
      this.#space();
      if (this.#at >= this.#text.length) return { groups, arrows };
      const arrow = this.#arrow();
      if (arrow === undefined) return undefined;
      arrows.push(arrow);
    }
  }

  #group(): MermaidNode[] | undefined {
    const nodes: MermaidNode[] = [];
    for (;;) {
      this.#space();
      const node = this.#node();
      if (node === undefined) return undefined;
      nodes.push(node);
      this.#space();
      if (this.#text[this.#at] !== "&") return nodes;
      this.#at += 1;
    }
  }

  #node(): MermaidNode | undefined {
    const start = this.#at;
    while (this.#at < this.#text.length && this.#isNameAt(this.#at)) this.#at += 1;
    const key = this.#text.slice(start, this.#at);
    if (key === "") return undefined;
    const shape = SHAPES.find(([open]) => this.#text.startsWith(open, this.#at));
    const label = shape === undefined ? undefined : this.#label(shape[0], shape[1]);
    if (shape !== undefined && label === undefined) return undefined;
    if (this.#text.startsWith(":::", this.#at)) {
      this.#at += 3;
      while (/[\w-]/.test(this.#text[this.#at] ?? "") && !this.#text.startsWith("--", this.#at)) this.#at += 1;
    }
    return { key, round: shape?.[2] ?? false, ...(label === undefined ? {} : { label }) };
  }

  /** A hyphen or dot belongs to a name unless an arrow begins with it. */
  #isNameAt(at: number): boolean {
    const character = this.#text[at] ?? "";
    if (/[\p{L}\p{N}\p{M}_\\/]/u.test(character) || /[\ud800-\udfff]/.test(character)) return true;
    const next = this.#text[at + 1] ?? "";
    if (character === "-" || character === ".") return /[\p{L}\p{N}_]/u.test(next) && at > 0;
    return character === ":" && next !== ":" && this.#text[at - 1] !== ":";
  }

  #label(open: string, closes: readonly string[]): string | undefined {
    let start = this.#at + open.length;
    while (this.#text[start] === " ") start += 1;
    const quoted = this.#text[start] === '"';
    const quote = quoted ? this.#text.indexOf('"', start + 1) : start;
    if (quote === -1) return undefined;
    const from = quoted ? quote + 1 : quote;
    const ahead = this.#text.slice(from, from + LONGEST_LABEL);
    const ends = closes.map((close) => ahead.indexOf(close)).filter((at) => at !== -1);
    if (ends.length === 0) return undefined;
    const end = from + Math.min(...ends);
    if (quoted && this.#text.slice(quote + 1, end).trim() !== "") return undefined;
    this.#at = end + (closes[0]?.length ?? 1);
    return quoted ? this.#text.slice(start + 1, quote) : this.#text.slice(start, end);
  }

  #arrow(): MermaidArrow | undefined {
    if (this.#text.startsWith("~~~", this.#at)) {
      while (this.#text[this.#at] === "~") this.#at += 1;
      return { label: "", dotted: false, heads: "none", visible: false };
    }
    const back = /[<xo]/.test(this.#text[this.#at] ?? "");
    if (back) this.#at += 1;
    const dotted = this.#text.startsWith("-.", this.#at);
    const stroke = this.#text[this.#at] ?? "";
    if (!dotted && !this.#text.startsWith("--", this.#at) && !this.#text.startsWith("==", this.#at)) return undefined;
    const begin = this.#at;
    this.#at += dotted ? 1 : 0;
    const inner = dotted ? "." : stroke;
    while (this.#text[this.#at] === inner) this.#at += 1;
    let label = "";
    const closed = dotted
      ? this.#text[this.#at] === "-"
      : this.#at - begin > 2 || /[>xo]/.test(this.#text[this.#at] ?? "");
    if (!closed) {
      const written = this.#written(dotted ? ".-" : stroke.repeat(2));
      if (written === undefined) return undefined;
      label = written;
    }
    while (/[-=.]/.test(this.#text[this.#at] ?? " ")) this.#at += 1;
    const forth = this.#head();
    const piped = this.#piped();
    if (piped === undefined) return undefined;
    const heads = back ? "both" : forth ? "one" : "none";
    return { label: piped === "" ? label : piped, dotted, heads, visible: true };
  }

  /** `x` and `o` are heads only where no name goes on with them. */
  #head(): boolean {
    const character = this.#text[this.#at] ?? "";
    const isHead = character === ">" || (/[xo]/.test(character) && /[\s|]/.test(this.#text[this.#at + 1] ?? ""));
    if (isHead) this.#at += 1;
    return isHead;
  }

  /** `-- text -->`: up to where the stroke begins again. */
  #written(close: string): string | undefined {
    const end = this.#text.indexOf(close, this.#at);
    if (end === -1) return undefined;
    const label = this.#text.slice(this.#at, end);
    this.#at = end;
    return unquoted(label);
  }

  /** `|text|`, empty where there is none, undefined where it does not end. */
  #piped(): string | undefined {
    this.#space();
    if (this.#text[this.#at] !== "|") return "";
    const end = this.#text.indexOf("|", this.#at + 1);
    if (end === -1) return undefined;
    const label = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return unquoted(label);
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"') ? trimmed.slice(1, -1) : trimmed;
}
