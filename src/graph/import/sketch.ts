import type { JsonObject } from "../../base/json.ts";

/** What a drawing shows of a graph: names and lines between them, not what anything does. */
export interface Sketch {
  /** In the order of the drawing; the two ends are not among them. */
  readonly vertices: readonly SketchVertex[];
  readonly links: readonly SketchLink[];
}

export interface SketchVertex {
  /** How links call it. */
  readonly key: string;
  /** What people call it. */
  readonly name: string;
  /** What the source says that it does, if anything. */
  readonly does?: string;
  /** Line or pointer. */
  readonly where: string;
}

/** `start` and `end` as symbols, so that no vertex can be called as they are. */
export const START = Symbol("start");
export const END = Symbol("end");

export interface SketchLink {
  readonly from: string | typeof START;
  readonly to: string | typeof END;
  /** Taken only sometimes. */
  readonly conditional: boolean;
  readonly label: string;
  readonly where: string;
}

/** Lines of one drawing; a document with more edges has too many values to be read again. */
export const MOST_LINKS = 20_000;

/** A draft and what became of the source in it. */
export interface Imported {
  /** It compiles; what it could not take over fails when it runs, and says so. */
  readonly document: JsonObject;
  readonly report: ImportReport;
}

export interface ImportReport {
  /** Nodes and edges of the source that stand in the draft. */
  readonly understood: number;
  readonly notUnderstood: readonly NotUnderstood[];
}

export interface NotUnderstood {
  readonly what: string;
  /** `line 3`, or a JSON Pointer. */
  readonly where: string;
  readonly why: string;
}

/** More are counted only. */
const MOST_NOTES = 500;

/** Gathers what was not understood. */
export class Notes {
  readonly #notes: NotUnderstood[] = [];
  #more = 0;

  add(what: string, where: string, why: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push({ what: what.slice(0, 200), where, why });
    else this.#more += 1;
  }

  list(): readonly NotUnderstood[] {
    if (this.#more === 0) return this.#notes;
    const rest = { what: `${this.#more} more`, where: "", why: "The list ends here." };
    return [...this.#notes, rest];
  }
}
