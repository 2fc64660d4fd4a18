import { expect, it } from "vitest";
import { createTopology } from "../graph/topology.ts";
import { Frame } from "./frame.ts";
import { CHANNELS } from "./testing/script.ts";

const structure = { nodes: 2, edges: [[1], []], starts: [0], each: new Set<number>(), channels: CHANNELS };
const graph = { structure, topology: createTopology(structure), nameOf: String };
const begin = (prefix: string) => {
  const frame = new Frame(graph, prefix, new Map([["log", ["handed in"]]]));
  frame.start({ writes: [], takes: [0], sends: [] });
  return { frame, made: frame.makeReady() };
};

it("[R10] the tasks of a frame carry the name of the task it belongs to", () => {
  expect(begin("2.7.0/").made.map(({ task }) => task.id)).toEqual(["2.7.0/0.0.0"]);
});

it("[R10] frames over one structure share nothing", () => {
  const [one, other] = [begin("1.0.0/"), begin("1.0.1/")];
  const [flight] = one.made;
  if (flight === undefined) throw new Error("A task was expected to be ready.");
  one.frame.commit(flight, { writes: [{ channel: "log", value: "one" }], takes: [1], sends: [] });
  expect(one.frame.makeReady().map(({ task }) => task.id)).toEqual(["1.0.0/1.1.0"]);
  expect(one.frame.state.read("log")).toEqual(["handed in", "one"]);
  expect(other.frame.state.read("log")).toEqual(["handed in"]);
  expect(other.frame.flights.size).toBe(1);
});
