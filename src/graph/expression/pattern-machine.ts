import type { Alphabet } from "./pattern-alphabet.ts";
import type { Matcher } from "./pattern.ts";
import type { Assertion, Instruction } from "./pattern-program.ts";

/** What stands before a place in the text, as far as the pattern asks for it. */
type Before = "start" | "word" | "other";

/** Where the machine is before it looks at the next character. */
interface State {
  /** Instructions to enter; the first of all is entered too, because a match may begin at every character. */
  readonly places: readonly number[];
  readonly before: Before;
  /** By class of the next character, and last the end of the text: what follows, where that is known. */
  readonly next: (State | undefined)[];
}

const MATCHED: State = { places: [], before: "other", next: [] };

/** Costs, in 32nds of a step. */
const STEP = 32;
const KNOWN = 1;
const KNOWN_BEYOND_ASCII = 5;
const UNKNOWN = 60;
const VISIT = 7;
/** What is owed is told when it is as much. */
const TELL = 1024;
/** Numbers kept in all states together; with more of them the machine forgets its states and goes on. */
const MOST_KEPT = 100_000;

export class Machine implements Matcher {
  readonly #program: readonly Instruction[];
  readonly #alphabet: Alphabet;
  readonly #asksStart: boolean;
  readonly #asksWord: boolean;
  /** Marks of the instructions entered in this round. */
  readonly #entered: Uint32Array;
  #round = 0;
  #visits = 0;
  readonly #states = new Map<string, State>();
  #kept = 0;

  constructor(program: readonly Instruction[], alphabet: Alphabet) {
    this.#program = program;
    this.#alphabet = alphabet;
    const asked = new Set(program.map((each) => (each.kind === "assert" ? each.what : undefined)));
    this.#asksStart = asked.has("start");
    this.#asksWord = asked.has("word") || asked.has("not-word");
    this.#entered = new Uint32Array(program.length);
  }

  occursIn(text: string, spend: (steps: number) => void): boolean {
    const { ascii, size } = this.#alphabet;
    let owed = STEP;
    let state = this.#state([], this.#asksStart ? "start" : "other");
    for (let at = 0; at <= text.length && state !== MATCHED; at += 1) {
      const point = at === text.length ? -1 : (text.codePointAt(at) ?? 0);
      const kind = point < 0 ? size : point < 128 ? (ascii[point] ?? 0) : this.#alphabet.classOf(point);
      owed += point < 128 ? KNOWN : KNOWN_BEYOND_ASCII;
      if (point > 0xffff) at += 1;
      let next = state.next[kind];
      if (next === undefined) {
        next = this.#follow(state, kind);
        state.next[kind] = next;
        owed += UNKNOWN + this.#visits * VISIT;
      }
      state = next;
      if (owed < TELL) continue;
      spend(owed >> 5);
      owed %= STEP;
    }
    spend(owed >> 5);
    return state === MATCHED;
  }

  /** The state after a character of this class, or the end. Counts its visits. */
  #follow(state: State, kind: number): State {
    this.#round += 1;
    this.#visits = 0;
    const after: number[] = [];
    for (const place of [...state.places, 0]) {
      if (this.#enter(place, state.before, kind, after)) return MATCHED;
    }
    const isWord = this.#asksWord && this.#isWord(kind);
    return this.#state(after, isWord ? "word" : "other");
  }

  /** Goes to a place and everywhere that follows from it without reading; true when the pattern is matched. */
  #enter(start: number, before: Before, kind: number, after: number[]): boolean {
    const waiting = [start];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const instruction = this.#program[place];
      this.#visits += 1;
      if (instruction === undefined || this.#entered[place] === this.#round) continue;
      this.#entered[place] = this.#round;
      if (instruction.kind === "match") return true;
      if (instruction.kind === "set") {
        if (this.#alphabet.accepted.get(instruction.set)?.[kind] === 1) after.push(place + 1);
      } else if (instruction.kind === "jump") waiting.push(instruction.to);
      else if (instruction.kind === "split") waiting.push(instruction.second, instruction.first);
      else if (this.#holds(instruction.what, before, kind)) waiting.push(place + 1);
    }
    return false;
  }

  #holds(what: Assertion, before: Before, kind: number): boolean {
    if (what === "start") return before === "start";
    if (what === "end") return kind === this.#alphabet.size;
    return ((before === "word") !== this.#isWord(kind)) === (what === "word");
  }

  #isWord(kind: number): boolean {
    return this.#alphabet.word[kind] === 1;
  }

  #state(places: readonly number[], before: Before): State {
    // places are at most 2000: each is one character of the name
    const name = before + String.fromCharCode(...places);
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const next: (State | undefined)[] = [];
    next.length = this.#alphabet.size + 1;
    const state = { places, before, next };
    this.#visits += 5 + ((next.length + places.length) >> 4);
    this.#kept += places.length * 2 + state.next.length;
    if (this.#kept > MOST_KEPT) {
      this.#states.clear();
      this.#kept = 0;
    }
    this.#states.set(name, state);
    return state;
  }
}
