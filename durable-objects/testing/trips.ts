import { beforeAll, beforeEach } from "vitest";
import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import { chain } from "./composite-graphs.ts";
import { ownKind } from "./own-kind.ts";

/** Graphs for sagas whose nodes are of a kind made for the tests, `book`, and what these have done. */

/** What was done, in its order: nodes, and behind those that undo what their item says. */
export const ledger: string[] = [];
/** Of nodes by their names: what is still to fail. */
export const failing = new Map<string, number>();
/** Of nodes by their names: how long they take, milliseconds. */
export const slow = new Map<string, number>();
/** Nodes that do not come to an end. */
export const hanging = new Set<string>();
/** Of nodes by their names: the idempotency keys of their attempts. */
export const keys = new Map<string, string[]>();

/** For a file's tests: there is the kind, and nothing is done before each of them. */
export function bookings(): void {
  beforeAll(() => {
    ownKind("book", async ({ node, scope, idempotencyKey }) => {
      keys.set(node, [...(keys.get(node) ?? []), idempotencyKey]);
      if (hanging.has(node)) await new Promise(() => undefined);
      await scheduler.wait(slow.get(node) ?? 1);
      const left = failing.get(node) ?? 0;
      if (left > 0) {
        failing.set(node, left - 1);
        throw failure("node_failed", `${node} is not to be had`, { retryable: true });
      }
      const item = scope.globals?.item ?? null;
      ledger.push(isJsonObject(item) ? `${node} ${JSON.stringify(item["writes"])}${sent(item)}` : node);
      return { writes: [{ channel: "log", value: node }] };
    });
  });
  beforeEach(() => {
    ledger.length = 0;
    for (const each of [failing, slow, keys, hanging]) each.clear();
  });
}

function sent({ payload }: JsonObject): string {
  return payload === null ? "" : ` of ${JSON.stringify(payload)}`;
}

export const book = (undo?: string, more: JsonObject = {}): JsonObject => ({
  kind: "book",
  ...(undo === undefined ? {} : { undo }),
  ...more,
});
export const LOG: JsonObject = { log: { reducer: "append", default: [] } };
export const NO: JsonObject = { kind: "fail", message: "no" };

/** Books one after the other, and then fails, unless `last` does something else. */
export function trip(names: readonly string[], last: JsonObject = NO): JsonObject {
  return {
    channels: LOG,
    nodes: {
      ...Object.fromEntries(names.map((name) => [name, book(`no-${name}`)])),
      last,
      ...Object.fromEntries(names.map((name) => [`no-${name}`, book()])),
    },
    edges: chain(...names, "last"),
  };
}

/** A document with a saga of that graph, and a node after it. */
export function around(graph: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    channels: { ...LOG, problem: {} },
    nodes: { trip: { kind: "saga", graph, ...more }, after: { kind: "book" } },
    edges: chain("trip", "after"),
  };
}

/** The ledger's line of a booking of a trip that was undone. */
export const undo = (name: string): string => `no-${name} {"log":"${name}"}`;
