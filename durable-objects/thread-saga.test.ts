import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../src/base/json.ts";
import { chain } from "./testing/composite-graphs.ts";
import { follow, openThread, runToEnd } from "./testing/open-thread.ts";
import { around, book, bookings, failing, ledger, LOG, NO, slow, trip, undo } from "./testing/trips.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
bookings();

describe("a saga", () => {
  it("[R10] that succeeds undoes nothing, and its writes leave as those of a subgraph do", async () => {
    const { run, values } = await runToEnd(openThread(), around(trip(["car", "room"], book())));
    expect([run.error, values, ledger]).toEqual([
      null,
      { log: ["car", "room", "last", "after"] },
      ["car", "room", "last", "after"],
    ]);
  });

  it("that fails undoes what it has done, the last first, fails as its graph did, and leaves nothing", async () => {
    const { run, values } = await runToEnd(openThread(), around(trip(["car", "room", "show"])));
    expect(ledger).toEqual(["car", "room", "show", undo("show"), undo("room"), undo("car")]);
    expect(values).toEqual({ log: [] });
    expect(run.error).toMatchObject({
      code: "failed_by_graph",
      message: "no",
      node: "last",
      details: { undone: ["show", "room", "car"] },
    });
  });

  it("goes where on_error says when all is undone", async () => {
    const graph = around(trip(["car"]), { on_error: { to: "after", write: "problem" } });
    const { run, values } = await runToEnd(openThread(), graph);
    expect([run.error, ledger]).toEqual([null, ["car", undo("car"), "after"]]);
    expect(values).toMatchObject({ log: ["after"], problem: { code: "failed_by_graph", message: "no" } });
  });

  it("[R5] undoes in the reverse of the canonical order, whichever came first", async () => {
    const names = ["a", "b", "c"];
    const nodes = trip(names)["nodes"] as JsonObject;
    const edges = [...names.flatMap((name) => [...chain(name), { from: name, to: "last" }]), ...chain("slowest")];
    const graph = { channels: LOG, nodes: { ...nodes, slowest: book("no-a") }, edges };
    for (const [index, name] of [...names, "slowest"].entries()) {
      ledger.length = 0;
      slow.clear();
      slow.set(name, 10 + index);
      await runToEnd(openThread(), around(graph));
      // what runs beside a failure comes to its end before anything is undone
      const undone = ['no-a {"log":"slowest"}', undo("c"), undo("b"), undo("a")];
      expect(ledger.slice(4)).toEqual(undone);
    }
  });

  it("undoes each task of a node that ran several times, and of a composite the whole", async () => {
    const graph: JsonObject = {
      channels: { n: { default: 0 }, ...LOG },
      nodes: {
        turn: { kind: "transform", set: { n: "state.n + 1", log: "state.n" }, undo: "back" },
        each: {
          kind: "map",
          over: "[7, 8]",
          output: { log: "item" },
          graph: { channels: LOG, nodes: { a: book("no-a"), "no-a": book() }, edges: chain("a") },
          undo: "un-each",
        },
        last: NO,
        back: book(),
        "un-each": book(),
      },
      edges: [...chain("turn", "each", "last"), { from: "turn", to: "turn", when: "state.n < 3" }],
    };
    // nothing of the map's own graph can be undone by itself
    const nodes = graph["nodes"] as JsonObject;
    const each = {
      ...(nodes["each"] as JsonObject),
      graph: { channels: LOG, nodes: { a: book() }, edges: chain("a") },
    };
    const edges = (graph["edges"] as JsonObject[]).map((edge) =>
      edge["from"] === "turn" && edge["to"] === "each" ? { ...edge, when: "state.n == 3" } : edge,
    );
    const { run } = await runToEnd(openThread(), around({ ...graph, nodes: { ...nodes, each }, edges }));
    expect(run.error).toMatchObject({ details: { undone: ["each", "turn", "turn", "turn"] } });
    expect(ledger).toEqual([
      "a",
      "a",
      'un-each {"log":[7,8]}',
      'back {"n":3,"log":2}',
      'back {"n":2,"log":1}',
      'back {"n":1,"log":0}',
    ]);
  });

  it("[R1] undoes each of what was sent, with what it was sent", async () => {
    const graph = trip(["seat"]);
    const edges = [
      { from: "start", to: "seat", send: "['a', 'b']" },
      { from: "seat", to: "last" },
    ];
    await runToEnd(openThread(), around({ ...graph, edges }));
    expect(ledger.slice(2)).toEqual([`${undo("seat")} of "b"`, `${undo("seat")} of "a"`]);
  });

  it("[R11] of an each node undoes by the places of the causes", async () => {
    const graph = trip(["a", "b", "each"]);
    const nodes = graph["nodes"] as JsonObject;
    const each = { kind: "transform", join: "each", set: { log: "state.log" }, undo: "no-each" };
    const edges = [...chain("a", "each"), ...chain("b", "each"), { from: "each", to: "last" }];
    for (const late of ["a", "b"]) {
      ledger.length = 0;
      slow.clear();
      slow.set(late, 15);
      const { run } = await runToEnd(openThread(), around({ ...graph, nodes: { ...nodes, each }, edges }));
      expect(run.error).toMatchObject({ details: { undone: ["each", "each", "b", "a"] } });
      expect(ledger.slice(2)).toEqual(['no-each {"log":["b"]}', 'no-each {"log":["a"]}', undo("b"), undo("a")]);
    }
  });

  it("undoes on the state that is left: each sees what the one before it wrote", async () => {
    const graph: JsonObject = {
      channels: { left: { default: 2 }, ...LOG },
      nodes: {
        a: { kind: "transform", set: { log: "'a'" }, undo: "back" },
        b: { kind: "transform", set: { log: "'b'" }, undo: "back" },
        last: NO,
        back: { kind: "subgraph", graph: "un", input: { left: "state.left", who: "item.node" } },
      },
      edges: chain("a", "b", "last"),
    };
    const un: JsonObject = {
      channels: { left: {}, who: {} },
      nodes: {
        say: { kind: "emit", value: "[state.who, state.left]" },
        less: { kind: "transform", set: { left: "state.left - 1" } },
      },
      edges: chain("say", "less"),
    };
    const thread = openThread();
    const { run } = await runToEnd(thread, { ...around(graph), graphs: { un } });
    expect(run.error).toMatchObject({ details: { undone: ["b", "a"] } });
    const frames = await follow(thread, run.run_id, ["custom"], -1, { subgraphs: true });
    const custom = frames.filter(({ event }) => event.startsWith("custom|"));
    expect(custom.map(({ data }) => data)).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
  });

  it("is undone as well when what follows from its end fails: an output, a channel that does not take it, a condition", async () => {
    const whole = trip(["car"], book());
    for (const [outer, code] of [
      [around(whole, { output: { log: "state.log[0].nothing" } }), "expression_failed"],
      [around(whole, { output: { problem: "1 / 0" } }), "expression_failed"],
      [
        {
          ...around(whole),
          channels: { log: { reducer: "append", schema: { type: "array", items: { type: "integer" } } } },
        },
        "invalid_write",
      ],
      [
        { ...around(whole), edges: [...chain("trip"), { from: "trip", to: "after", when: "state.log[9] == ''" }] },
        "condition_failed",
      ],
    ] as const) {
      ledger.length = 0;
      const { run } = await runToEnd(openThread(), outer);
      expect([run.error?.code, ledger]).toEqual([code, ["car", "last", undo("car")]]);
    }
  });

  it("[R6] undoes what was written in conflict: each has what it wrote itself", async () => {
    const graph: JsonObject = {
      channels: { who: {}, ...LOG },
      nodes: {
        a: { kind: "transform", set: { who: "'a'" }, undo: "back" },
        b: { kind: "transform", set: { who: "'b'" }, undo: "back" },
        last: { kind: "transform", set: { log: "state.who" } },
        back: book(),
      },
      edges: [...chain("a", "last"), ...chain("b", "last")],
    };
    const { run } = await runToEnd(openThread(), around(graph));
    expect([run.error?.code, ledger]).toEqual(["conflicting_write", ['back {"who":"b"}', 'back {"who":"a"}']]);
  });

  it("does not undo what did not happen: a failure that was caught, a node whose own end failed, a start that failed", async () => {
    const caught = trip(["car", "room"]);
    const nodes = { ...(caught["nodes"] as JsonObject), room: book("no-room", { on_error: "last" }) };
    failing.set("room", 9);
    await runToEnd(openThread(), around({ ...caught, nodes }));
    expect(ledger).toEqual(["car", undo("car")]);
    ledger.length = 0;
    failing.set("room", 9);
    const { run } = await runToEnd(openThread(), around(trip(["car", "room"])));
    expect([run.error?.message, ledger]).toEqual(["room is not to be had", ["car", undo("car")]]);
    const start = { ...trip(["car"]), edges: [{ from: "start", to: "car", when: "state.log[0] == 1" }] };
    const unstarted = await runToEnd(openThread(), around(start));
    expect(unstarted.run.error).toMatchObject({ code: "condition_failed", details: { undone: [] } });
  });
});

describe("a saga elsewhere", () => {
  it("in a saga that succeeded is one task of it: its own undo undoes it", async () => {
    const inner = { kind: "saga", graph: trip(["room"], book()), undo: "no-inner" };
    const outer: JsonObject = {
      channels: LOG,
      nodes: { car: book("no-car"), inner, last: NO, "no-car": book(), "no-inner": book() },
      edges: chain("car", "inner", "last"),
    };
    await runToEnd(openThread(), around(outer));
    expect(ledger).toEqual(["car", "room", "last", 'no-inner {"log":["room","last"]}', undo("car")]);
  });

  it.each(["subgraph", "saga"])("[R10] a %s in a map is given the map's item", async (kind) => {
    const graph = {
      channels: { n: {}, ...LOG },
      nodes: { say: { kind: "transform", set: { log: "state.n" } } },
      edges: chain("say"),
    };
    const inner = { channels: LOG, nodes: { run: { kind, graph, input: { n: "item" } } }, edges: chain("run") };
    const nodes = { all: { kind: "map", over: "[1, 2]", graph: inner } };
    const { values } = await runToEnd(openThread(), { channels: LOG, nodes, edges: chain("all") });
    expect(values).toEqual({ log: [1, 2] });
  });

  it("in a map undoes item by item, in a loop turn by turn", async () => {
    const graph: JsonObject = {
      channels: { n: {}, ...LOG },
      nodes: { car: book("no-car"), last: NO, "no-car": book() },
      edges: [...chain("car"), { from: "car", to: "last", when: "state.n == 2" }],
    };
    const trips = { channels: { n: {}, ...LOG }, nodes: { trip: { kind: "saga", graph } }, edges: chain("trip") };
    const run = (kind: string, more: JsonObject) =>
      runToEnd(openThread(), {
        channels: LOG,
        nodes: { all: { kind, over: "[1, 2, 3]", input: { n: "item" }, graph: trips, ...more } },
        edges: chain("all"),
      });
    const mapped = await run("map", { on_failure: "skip", concurrency: 1 });
    expect([mapped.run.error, ledger]).toEqual([null, ["car", "car", undo("car"), "car"]]);
    expect(mapped.values).toEqual({ log: ["car", "car"] });
    ledger.length = 0;
    const turning = {
      ...trips,
      nodes: { next: { kind: "transform", set: { n: "item" } }, trip: { kind: "saga", graph } },
      edges: chain("next", "trip"),
    };
    const looped = await run("loop", { graph: turning });
    expect([looped.run.error?.code, ledger]).toEqual(["failed_by_graph", ["car", "car", undo("car")]]);
  });

  it("[R11] with a race inside undoes the race as a whole; as a runner that lost it is dropped as it is", async () => {
    slow.set("late", 30);
    const runners = {
      channels: LOG,
      nodes: { which: { kind: "switch", on: "item", cases: { a: "early", b: "late" } }, early: book(), late: book() },
      edges: chain("which"),
    };
    const graph: JsonObject = {
      channels: LOG,
      nodes: { go: { kind: "race", over: "['a', 'b']", graph: runners, undo: "no-go" }, last: NO, "no-go": book() },
      edges: chain("go", "last"),
    };
    await runToEnd(openThread(), around(graph));
    await scheduler.wait(40);
    expect(ledger.filter((line) => line !== "late")).toEqual(["early", 'no-go {"log":"early"}']);
  });
});
