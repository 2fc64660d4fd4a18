import { scripted } from "../../e2e/api.ts";

/** The graphs that are killed. Each ends the same whenever and however often that happens; `mark` tells runs apart. */

const RETRY = { attempts: 4, delay: "150ms", max_delay: "300ms" };
const HALF = { fault: "truncated", reply: "This is never the whole answer.", after: 18, delayMs: 20 };
const BUSY = { fault: "status", status: 429, retryAfter: 0.2 };

const tell = (name: string) => `${name} tells what it has to tell.`;
const set = (channels: Record<string, string>) => ({ kind: "transform", set: channels });
/** Each turn is an outcome, or a list of them by attempt. */
const model = (turns: readonly unknown[], write: string, more: object = {}) => ({
  kind: "model",
  model: "builtin/scripted",
  prompt: "{{ state.mark }}",
  options: { script: { turns } },
  write,
  ...more,
});
const chained = (...nodes: readonly string[]) =>
  ["start", ...nodes].slice(0, -1).map((from, index) => ({ from, to: ["start", ...nodes][index + 1] }));

const chain = {
  channels: { mark: {}, one: {}, two: {}, three: {}, trail: { reducer: "append" }, all: {} },
  nodes: {
    one: scripted(tell("one"), 25, "one", "{{ state.mark }}"),
    between: set({ trail: "'between ' + state.mark" }),
    two: scripted(tell("two"), 25, "two", "{{ state.one }}"),
    three: scripted(tell("three"), 25, "three", "{{ state.two }}"),
    all: set({ all: "[state.mark, state.one, state.two, state.three].join(' ')", trail: "'all'" }),
  },
  edges: chained("one", "between", "two", "three", "all"),
};

const parallel = {
  channels: {
    mark: {},
    one: {},
    two: {},
    three: {},
    trail: { reducer: "append" },
    arrivals: { reducer: "sum" },
    all: {},
  },
  nodes: {
    one: scripted(tell("one"), 12, "one"),
    after: set({ trail: "'after one'", arrivals: "1" }),
    later: set({ trail: "'later than after'", arrivals: "1" }),
    two: scripted(tell("two"), 40, "two"),
    three: scripted(tell("three"), 110, "three"),
    all: set({ all: "[state.one, state.two, state.three, state.mark].join(' ')", arrivals: "100" }),
  },
  edges: [
    ...["one", "two", "three"].map((to) => ({ from: "start", to })),
    ...chained("one", "after", "later").slice(1),
    ...["later", "two", "three"].map((from) => ({ from, to: "all" })),
  ],
};

const loop = {
  channels: { mark: {}, draft: {}, drafts: { reducer: "append" }, rounds: { reducer: "sum", default: 0 } },
  nodes: {
    write: scripted("Another draft of it.", 25, "draft", "{{ state.mark }}"),
    count: set({ rounds: "1", drafts: "string(state.rounds) + ': ' + state.draft" }),
    publish: set({ draft: "state.mark + ' has ' + string(size(state.drafts)) + ' drafts'" }),
  },
  edges: [
    ...chained("write", "count"),
    { from: "count", to: "write", when: "state.rounds < 4" },
    { from: "count", to: "publish", else: true },
  ],
};

const retries = {
  channels: { mark: {}, first: {}, second: {}, seen: { reducer: "append" } },
  nodes: {
    first: model([[HALF, BUSY, { reply: tell("first"), delayMs: 25 }]], "first", { retry: RETRY }),
    second: model([[{ fault: "malformed" }, { reply: tell("second"), delayMs: 25 }]], "second", { retry: RETRY }),
    seen: set({ seen: "state.first + state.second + state.mark" }),
  },
  edges: [...chained("first", "second", "seen"), { from: "start", to: "second" }],
};

/** One branch fails for good, the other one is finished. */
const broken = {
  channels: { mark: {}, good: {}, bad: {} },
  nodes: {
    good: scripted(tell("good"), 40, "good"),
    bad: model([[HALF, { fault: "status", status: 400, delayMs: 120 }]], "bad", { retry: RETRY }),
    never: set({ good: "state.bad" }),
  },
  edges: [...chained("bad", "never"), { from: "start", to: "good" }],
};

/** Frames in frames (R10), items that fail, a wait in each (R8), and what is said inside. */
const items = {
  channels: { mark: {}, told: { reducer: "append" }, wrong: {}, all: {} },
  nodes: {
    each: {
      kind: "map",
      over: "['a', 'b', 'c', 'd', 'e']",
      concurrency: 2,
      on_failure: "collect",
      failures: "wrong",
      input: { mark: "state.mark" },
      output: { told: "item + ' ' + state.told" },
      graph: {
        channels: { mark: {}, told: {} },
        nodes: {
          pause: { kind: "wait", for: "15ms" },
          which: { kind: "switch", on: "item", cases: { c: "fall" }, else: "tell" },
          fall: { kind: "fail", message: "{{ item }} falls" },
          tell: { kind: "subgraph", graph: "telling" },
        },
        edges: chained("pause", "which"),
      },
    },
    all: set({ all: "state.told.join(', ') + ' without ' + state.wrong[0].item + ' for ' + state.mark" }),
  },
  edges: chained("each", "all"),
  graphs: {
    telling: {
      channels: { mark: {}, told: {} },
      nodes: { say: scripted(tell("an item"), 12, "told", "{{ state.mark }}") },
      edges: chained("say"),
    },
  },
};

/** Turns that carry their state (R10), a race that only one can win (R11), and a failure that goes somewhere (R9). */
const turns = {
  channels: { mark: {}, drafts: { reducer: "append" }, winner: {}, problem: {}, all: {} },
  nodes: {
    improve: {
      kind: "loop",
      until: "size(state.drafts) == 4",
      graph: {
        channels: { drafts: { reducer: "append", default: [] }, draft: {} },
        output: ["drafts"],
        nodes: {
          write: scripted("One more draft.", 20, "draft"),
          keep: set({ drafts: "string(index) + ' ' + state.draft" }),
        },
        edges: chained("write", "keep"),
      },
    },
    hurry: {
      kind: "race",
      over: "['1h', '20ms']",
      output: { winner: "item" },
      graph: {
        nodes: {
          which: { kind: "switch", on: "item", cases: { "1h": "late" }, else: "early" },
          late: { kind: "wait", for: "1h" },
          early: { kind: "wait", for: "20ms" },
        },
        edges: chained("which"),
      },
    },
    fall: { kind: "fail", message: "{{ state.mark }} falls", on_error: { to: "all", write: "problem" } },
    all: set({ all: "[state.mark, state.winner, state.problem.message, string(size(state.drafts))].join(' ')" }),
  },
  edges: chained("improve", "hurry", "fall"),
};

const ledger = {
  channels: {
    mark: {},
    total: { reducer: "sum", default: 0 },
    runs: { reducer: "sum", default: 0 },
    messages: { reducer: "messages" },
  },
  nodes: {
    reply: model(
      ["first", "second", "third", "fourth", "fifth", "sixth"].map((name) => ({
        reply: `The ${name} reply.`,
        delayMs: 25,
      })),
      "messages",
      { prompt: undefined, messages: "state.messages" },
    ),
    count: set({ runs: "1" }),
  },
  edges: chained("reply", "count"),
};

/** Speaks for longer than any server of the proof lives: ended by a cancel, or not at all. */
const hold = {
  channels: { mark: {}, begun: {}, held: {} },
  nodes: {
    begin: set({ begun: "state.mark" }),
    hold: { ...scripted("On and on. ".repeat(400), 150, "held"), timeout: "30m" },
    never: set({ begun: "'never'" }),
  },
  edges: chained("begin", "hold", "never"),
};

/** These run alone on a thread and end by themselves. */
export const SCENES = ["chain", "parallel", "loop", "retries", "broken", "items", "turns"] as const;
export type Scene = (typeof SCENES)[number];
export type GraphName = Scene | "ledger" | "hold";

/** How many runs a ledger's thread gets. */
export const LEDGER_RUNS = 6;

const BODIES: Readonly<Record<GraphName, object>> = {
  chain,
  parallel,
  loop,
  retries,
  broken,
  items,
  turns,
  ledger,
  hold,
};
export const DOCUMENTS = Object.entries(BODIES).map(([id, body]) => ({ edgewise: 1, id, ...body }));

/** What the n-th run (0, 1 …) of a thread is given. */
export function inputOf(graph: GraphName, mark: string, n: number): object {
  if (graph !== "ledger") return { mark };
  return { mark, total: 10 ** n, messages: [{ role: "user", content: `${mark} says something, ${n}` }] };
}
