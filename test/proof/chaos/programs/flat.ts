import { answerTo, type Fault, modelOf, receiptFor } from "../provider.ts";
import { between, chained, type Edge, type Maker, quoted, set } from "./program.ts";

/** Graphs without frames. */

const PROMPT = (node: string) => `{{ state.mark }}/${node}`;
const RETRY = { delay: "40ms", max_delay: "80ms" };

const model = (name: string, node: string, write: string, more: object = {}) => ({
  kind: "model",
  model: name,
  prompt: PROMPT(node),
  write,
  ...more,
});

/**
 * A random graph without cycles: some nodes speak, the others add to a sum and a trail. Its own model: a node's level is its
 * longest way from the start (R5), and the trail has the nodes by level and place in the document.
 */
export const flat: Maker = ({ random, id }) => {
  const count = between(random, 4, 9);
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  const edges: Edge[] = [];
  const levels: number[] = [];
  for (const [index, to] of names.entries()) {
    const sources = names.slice(0, index).filter(() => random.chance(1.4 / Math.max(1, index)));
    for (const from of sources) edges.push({ from, to });
    if (sources.length === 0) edges.push({ from: "start", to });
    levels.push(Math.max(-1, ...sources.map((from) => levels[names.indexOf(from)] ?? 0)) + 1);
  }
  const pieces = names.map(() => (random.chance(0.4) ? between(random, 1, 6) : 0));
  const channels: Record<string, object> = { mark: {}, total: { reducer: "sum" }, trail: { reducer: "append" } };
  const nodes: Record<string, object> = {};
  for (const [index, name] of names.entries()) {
    const spoken = pieces[index] ?? 0;
    if (spoken > 0) channels[`t_${name}`] = {};
    nodes[name] =
      spoken > 0
        ? model(modelOf(spoken, between(random, 3, 20)), name, `t_${name}`)
        : set({ total: String(index + 1), trail: `${quoted(name)} + '@' + state.mark` });
  }
  const silent = names.filter((_, index) => pieces[index] === 0);
  const inOrder = silent.toSorted(
    (one, other) => (levels[names.indexOf(one)] ?? 0) - (levels[names.indexOf(other)] ?? 0),
  );
  return {
    id,
    family: "flat",
    runs: 1,
    document: { channels, nodes, edges },
    input: (mark) => ({ mark }),
    expected: (mark) => ({
      ...(silent.length > 0 && {
        total: silent.reduce((sum, name) => sum + names.indexOf(name) + 1, 0),
        trail: inOrder.map((name) => `${name}@${mark}`),
      }),
      ...Object.fromEntries(
        names.flatMap((name, index) =>
          (pieces[index] ?? 0) > 0 ? [[`t_${name}`, answerTo(`${mark}/${name}`, pieces[index] ?? 0)]] : [],
        ),
      ),
    }),
  };
};

/** The same, and then once more from one of its checkpoints. */
export const forks: Maker = (making) => ({ ...flat(making), family: "forks", forks: true });

/** Calls that fail first, in every way that may pass. */
export const retries: Maker = ({ random, id }) => {
  const kinds: readonly Fault[] = ["429", "500", "503", "cut", "html"];
  const faults = () => Array.from({ length: between(random, 1, 3) }, () => random.pick(kinds) ?? "500");
  const nodes = ["a", "b"].map((name) => {
    const list = faults();
    const told = modelOf(between(random, 2, 5), 8, list);
    return [name, model(told, name, name, { retry: { attempts: list.length + 2, ...RETRY } }), told] as const;
  });
  return {
    id,
    family: "retries",
    runs: 1,
    document: {
      channels: { mark: {}, a: {}, b: {}, both: {} },
      nodes: {
        ...Object.fromEntries(nodes.map(([name, node]) => [name, node])),
        both: set({ both: "state.a + ' ' + state.b" }),
      },
      edges: random.chance(0.5)
        ? chained("a", "b", "both")
        : [
            { from: "start", to: "a" },
            { from: "start", to: "b" },
            { from: "a", to: "both" },
            { from: "b", to: "both" },
          ],
    },
    input: (mark) => ({ mark }),
    expected: (mark) => {
      const [a, b] = nodes.map(([name, , told]) => answerTo(`${mark}/${name}`, Number(told.split(".")[1])));
      return { a, b, both: `${a} ${b}` };
    },
  };
};

/** Failures for good that go somewhere, among them a wait that is over. */
export const errors: Maker = ({ random, id }) => ({
  id,
  family: "errors",
  runs: 1,
  document: {
    channels: { mark: {}, said: {}, problem: {}, late: {}, all: {} },
    nodes: {
      ask: model(modelOf(2, 5, ["400"]), "ask", "said", {
        retry: { attempts: 4, ...RETRY },
        on_error: { to: "pause", write: "problem" },
      }),
      pause: {
        kind: "wait",
        signal: "never",
        for: `${between(random, 20, 150)}ms`,
        on_error: { to: "all", write: "late" },
      },
      all: set({ all: "state.problem.node + ' ' + state.late.code + ' ' + state.mark" }),
    },
    edges: chained("ask", "pause", "all"),
  },
  input: (mark) => ({ mark }),
  expected: (mark) => ({ all: `ask wait_expired ${mark}` }),
});

/** Long answers, several at once. */
export const streams: Maker = ({ random, id }) => {
  const lengths = Array.from({ length: between(random, 1, 3) }, () => between(random, 10, 24));
  const names = lengths.map((_, index) => `s${index}`);
  return {
    id,
    family: "streams",
    runs: 1,
    document: {
      channels: { mark: {}, ...Object.fromEntries(names.map((name) => [name, {}])) },
      nodes: Object.fromEntries(names.map((name, index) => [name, model(modelOf(lengths[index] ?? 1, 3), name, name)])),
      edges: names.map((to) => ({ from: "start", to })),
    },
    input: (mark) => ({ mark }),
    expected: (mark) =>
      Object.fromEntries(names.map((name, index) => [name, answerTo(`${mark}/${name}`, lengths[index] ?? 1)])),
  };
};

/** Something is done in the world: by some once at most, by others under a key. */
export const unsafe: Maker = ({ random, id, url }) => {
  // Whatever the seed, there is one that is.
  const isUnsafe = id.endsWith("-0") || random.chance(0.5);
  const effect = {
    kind: "effect",
    url: `${url}/effect`,
    what: PROMPT("pay"),
    write: "receipt",
    ...(isUnsafe ? { effect: "unsafe" } : { retry: { attempts: 3, ...RETRY } }),
  };
  return {
    id,
    family: "unsafe",
    runs: 1,
    document: {
      channels: { mark: {}, said: {}, receipt: {}, all: {} },
      nodes: {
        ask: model(modelOf(3, 10), "ask", "said"),
        pay: effect,
        all: set({ all: "state.said + ' ' + state.receipt" }),
      },
      edges: chained("ask", "pay", "all"),
    },
    input: (mark) => ({ mark }),
    expected: (mark) => ({ receipt: `done: ${mark}/pay`, all: `${answerTo(`${mark}/ask`, 3)} done: ${mark}/pay` }),
    effects: (mark) => [`${mark}/pay`],
    ...(isUnsafe && {
      isUnsafe,
      // Who looks at the world can tell.
      answer: (mark, _question, happened) =>
        happened(`${mark}/pay`)
          ? { decision: "done", writes: { receipt: receiptFor(`${mark}/pay`) } }
          : { decision: "repeat" },
    }),
  };
};

/** A thread that gets one run after another and grows: what it adds up to tells whether each counted once; it is compacted. */
export const big: Maker = ({ id }) => {
  const blob = (mark: string, n: number) => `${mark} ${n} ${"0123456789abcdef".repeat(1_050)}`;
  const reply = { kind: "model", model: modelOf(3, 8), messages: "state.messages", write: "messages" };
  return {
    id,
    family: "big",
    runs: 6,
    document: {
      channels: {
        mark: {},
        total: { reducer: "sum", default: 0 },
        runs: { reducer: "sum", default: 0 },
        blobs: { reducer: "append" },
        messages: { reducer: "messages" },
      },
      nodes: { reply, count: set({ runs: "1" }) },
      edges: chained("reply", "count"),
    },
    input: (mark, n) => ({
      mark,
      total: 10 ** n,
      blobs: blob(mark, n),
      messages: [{ role: "user", content: `${mark} ${n}` }],
    }),
    expected: (mark, n) => {
      const upTo = Array.from({ length: n + 1 }, (_, index) => index);
      return {
        runs: n + 1,
        total: upTo.reduce((sum, index) => sum + 10 ** index, 0),
        blobs: upTo.map((index) => blob(mark, index)),
      };
    },
  };
};

/** Speaks for longer than anybody listens: ended by a cancel, or not at all. */
export const hold: Maker = ({ id }) => ({
  id,
  family: "hold",
  runs: 1,
  document: {
    channels: { mark: {}, begun: {}, held: {} },
    nodes: {
      begin: set({ begun: "state.mark" }),
      hold: model(modelOf(100_000, 60), "hold", "held", { timeout: "30m" }),
      never: set({ begun: "'never'" }),
    },
    edges: chained("begin", "hold", "never"),
  },
  input: (mark) => ({ mark }),
  expected: () => undefined,
});
