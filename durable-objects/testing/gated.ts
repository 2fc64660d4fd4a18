import type { JsonObject } from "../../src/base/json.ts";
import { edges } from "./going-on.ts";
import { ownKind } from "./own-kind.ts";

/** A graph whose one node runs until the test lets it go; its channel collects the words that runs were given. */
export class Gated {
  readonly begun: string[] = [];
  readonly #open = new Set<string>();
  #isOpen = false;

  readonly graph: JsonObject = {
    channels: { word: {}, log: { reducer: "append" } },
    input: ["word"],
    nodes: { hold: { kind: "held" } },
    edges: edges(["start", "hold"]),
  };

  constructor() {
    ownKind("held", async ({ scope, signal }) => {
      const given = scope.read("word");
      const word = typeof given === "string" ? given : "";
      this.begun.push(word);
      // Looked at now and then: what the test itself woke would run in the test's place, not in the object's.
      while (!this.#isOpen && !this.#open.has(word) && !word.startsWith("quick")) {
        signal.throwIfAborted();
        await scheduler.wait(2);
      }
      return { writes: [{ channel: "log", value: word }] };
    });
  }

  letGo(word: string): void {
    this.#open.add(word);
  }

  /** From now on nothing is held. */
  openAll(): void {
    this.#isOpen = true;
  }
}
