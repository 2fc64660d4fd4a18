import { answerTo, modelOf } from "../provider.ts";
import { between, chained, type Maker, type Signal, set } from "./program.ts";

/** Graphs with frames (R10, R11), and with waits (R8). */

const LETTERS = ["a", "b", "c", "d", "e", "f", "g"];

export const map: Maker = ({ random, id }) => {
  const items = LETTERS.slice(0, between(random, 2, 7));
  const falls = items.filter(() => random.chance(0.25));
  const pieces = between(random, 1, 4);
  return {
    id,
    family: "map",
    runs: 1,
    document: {
      channels: { mark: {}, told: { reducer: "append" }, wrong: { default: [] }, all: {} },
      nodes: {
        each: {
          kind: "map",
          over: listOf(items),
          concurrency: between(random, 1, 4),
          on_failure: "collect",
          failures: "wrong",
          input: { mark: "state.mark" },
          output: { told: "item + '=' + state.told" },
          graph: {
            channels: { mark: {}, told: {} },
            nodes: {
              pause: { kind: "wait", for: `${between(random, 5, 40)}ms` },
              which: {
                kind: "switch",
                on: "item",
                cases: Object.fromEntries((falls.length > 0 ? falls : ["none"]).map((item) => [item, "fall"])),
                else: "tell",
              },
              fall: { kind: "fail", message: "{{ item }} falls" },
              tell: { kind: "model", model: modelOf(pieces, 6), prompt: "{{ state.mark }}/{{ item }}", write: "told" },
            },
            edges: chained("pause", "which"),
          },
        },
        all: set({ all: "state.mark + ' without ' + state.wrong.map(each, each.item).join('')" }),
      },
      edges: chained("each", "all"),
    },
    input: (mark) => ({ mark }),
    expected: (mark) => {
      const well = items.filter((item) => !falls.includes(item));
      return {
        ...(well.length > 0 && { told: well.map((item) => `${item}=${answerTo(`${mark}/${item}`, pieces)}`) }),
        all: `${mark} without ${falls.join("")}`,
      };
    },
  };
};

export const loop: Maker = ({ random, id }) => {
  const [turns, pieces] = [between(random, 2, 5), between(random, 1, 3)];
  const rounds = between(random, 2, 4);
  return {
    id,
    family: "loop",
    runs: 1,
    document: {
      channels: {
        mark: {},
        drafts: { reducer: "append" },
        rounds: { reducer: "sum", default: 0 },
        trail: { reducer: "append" },
      },
      nodes: {
        improve: {
          kind: "loop",
          until: `size(state.drafts) == ${turns}`,
          graph: {
            channels: { mark: {}, drafts: { reducer: "append", default: [] }, draft: {} },
            output: ["drafts"],
            nodes: {
              write: {
                kind: "model",
                model: modelOf(pieces, 6),
                prompt: "{{ state.mark }}/{{ index }}",
                write: "draft",
              },
              keep: set({ drafts: "state.draft" }),
            },
            edges: chained("write", "keep"),
          },
        },
        // A cycle of edges beside it (R3).
        round: set({ rounds: "1" }),
        note: set({ trail: "state.mark + string(state.rounds)" }),
      },
      edges: [...chained("improve", "round", "note"), { from: "note", to: "round", when: `state.rounds < ${rounds}` }],
    },
    input: (mark) => ({ mark }),
    expected: (mark) => ({
      drafts: Array.from({ length: turns }, (_, index) => answerTo(`${mark}/${index}`, pieces)),
      rounds,
      trail: Array.from({ length: rounds }, (_, index) => `${mark}${index + 1}`),
    }),
  };
};

/** One can win alone: the others wait for an hour, or speak for minutes. */
export const race: Maker = ({ random, id }) => {
  const runners = LETTERS.slice(0, between(random, 2, 4));
  const winner = random.pick(runners) ?? "a";
  const speaks = random.chance(0.5);
  return {
    id,
    family: "race",
    runs: 1,
    document: {
      channels: { mark: {}, winner: {}, told: {}, all: {} },
      nodes: {
        hurry: {
          kind: "race",
          over: listOf(runners),
          input: { mark: "state.mark" },
          output: { winner: "item", told: "state.told" },
          graph: {
            channels: { mark: {}, told: {} },
            nodes: {
              which: { kind: "switch", on: "item", cases: { [winner]: "early" }, else: "late" },
              late: speaks
                ? { kind: "model", model: modelOf(10_000, 50), prompt: "late", write: "told", timeout: "30m" }
                : { kind: "wait", for: "1h" },
              early: { kind: "wait", for: `${between(random, 10, 120)}ms` },
              tell: { kind: "model", model: modelOf(2, 6), prompt: "{{ state.mark }}/{{ item }}", write: "told" },
            },
            edges: [...chained("which"), { from: "early", to: "tell" }],
          },
        },
        all: set({ all: "state.winner + ': ' + state.told" }),
      },
      edges: chained("hurry", "all"),
    },
    input: (mark) => ({ mark }),
    expected: (mark) => ({ winner, all: `${winner}: ${answerTo(`${mark}/${winner}`, 2)}` }),
  };
};

/** Waits side by side, with something done in the world before and after each: so that one that ends early is seen. */
export const waits: Maker = ({ random, id, url }) => {
  const times = Array.from({ length: between(random, 1, 3) }, () => between(random, 20, 700));
  const effect = (what: string, write: string) => ({ kind: "effect", url: `${url}/effect`, what, write });
  const branches = times.map((time, index) => ({
    nodes: {
      [`before${index}`]: effect(`{{ state.mark }}/${index}`, `b${index}`),
      [`wait${index}`]: { kind: "wait", for: `${time}ms` },
      [`after${index}`]: effect(`{{ state.b${index} }}/${time}`, `a${index}`),
    },
    edges: chained(`before${index}`, `wait${index}`, `after${index}`),
  }));
  const channels = times.flatMap((_, index) => [`b${index}`, `a${index}`]);
  return {
    id,
    family: "waits",
    runs: 1,
    document: {
      channels: { mark: {}, ...Object.fromEntries(channels.map((name) => [name, {}])) },
      nodes: Object.assign({}, ...branches.map(({ nodes }) => nodes)) as object,
      edges: branches.flatMap(({ edges }) => edges),
    },
    input: (mark) => ({ mark }),
    expected: (mark) =>
      Object.fromEntries(times.map((time, index) => [`a${index}`, `done: done: ${mark}/${index}/${time}`])),
  };
};

/** Two waits for signals, told apart by their key; what is sent may come before its wait. */
export const signals: Maker = ({ random, id }) => {
  const [early, late] = [between(random, 0, 200), between(random, 0, 100)];
  const sent = (mark: string): Signal[] =>
    ["one", "two"].map((key) => ({ name: "answer", key, payload: { says: `${mark} ${key}` } }));
  const wait = (key: string) => ({ kind: "wait", signal: "answer", key, write: key });
  return {
    id,
    family: "signals",
    runs: 1,
    document: {
      channels: { mark: {}, one: {}, two: {}, all: {} },
      nodes: {
        pause: { kind: "wait", for: `${early + 1}ms` },
        first: wait("one"),
        rest: { kind: "wait", for: `${late + 1}ms` },
        second: wait("two"),
        all: set({ all: "state.one.says + ', ' + state.two.says" }),
      },
      edges: random.chance(0.5)
        ? chained("pause", "first", "rest", "second", "all")
        : [...chained("pause", "first", "all"), ...chained("rest", "second"), { from: "second", to: "all" }],
    },
    input: (mark) => ({ mark }),
    expected: (mark) => ({ all: `${mark} one, ${mark} two` }),
    signals: sent,
  };
};

/** Two questions at once, one of them in a frame; the run is at rest until they are answered. */
export const gates: Maker = ({ random, id }) => {
  const gate = (node: string, write: string) => ({
    kind: "gate",
    ask: { node, about: "{{ state.mark }}" },
    answer: {
      type: "object",
      properties: { says: { type: "string" } },
      required: ["says"],
      additionalProperties: false,
    },
    write,
  });
  const pieces = between(random, 1, 5);
  return {
    id,
    family: "gates",
    runs: 1,
    document: {
      channels: { mark: {}, draft: {}, first: {}, second: {}, all: {} },
      nodes: {
        draft: { kind: "model", model: modelOf(pieces, 6), prompt: "{{ state.mark }}/draft", write: "draft" },
        first: gate("first", "first"),
        inside: {
          kind: "subgraph",
          input: { mark: "state.mark" },
          output: { second: "state.second" },
          graph: { channels: { mark: {}, second: {} }, nodes: { ask: gate("ask", "second") }, edges: chained("ask") },
        },
        all: set({ all: "state.draft + ', ' + state.first.says + ', ' + state.second.says" }),
      },
      edges: [...chained("draft", "first", "all"), ...chained("inside"), { from: "inside", to: "all" }],
    },
    input: (mark) => ({ mark }),
    expected: (mark) => ({ all: `${answerTo(`${mark}/draft`, pieces)}, ${mark} to first, ${mark} to inside/ask` }),
    answer: (mark, { node }) => ({ says: `${mark} to ${node}` }),
  };
};

/** What was done is undone, the last first, when the rest fails. */
export const sagas: Maker = ({ random, id, url }) => {
  const effect = (what: string, more: object) => ({ kind: "effect", url: `${url}/effect`, what, ...more });
  const steps = ["one", "two", "three"].slice(0, between(random, 1, 3));
  return {
    id,
    family: "sagas",
    runs: 1,
    document: {
      channels: { mark: {}, problem: {}, all: {} },
      nodes: {
        move: {
          kind: "saga",
          input: { mark: "state.mark" },
          on_error: { to: "all", write: "problem" },
          graph: {
            channels: { mark: {}, undone: {}, ...Object.fromEntries(steps.map((step) => [step, {}])) },
            nodes: {
              ...Object.fromEntries(
                steps.map((step) => [step, effect(`{{ state.mark }}/${step}`, { write: step, undo: `no_${step}` })]),
              ),
              ...Object.fromEntries(
                steps.map((step) => [`no_${step}`, effect(`{{ item.writes.${step} }}/undone`, { write: "undone" })]),
              ),
              gone: { kind: "fail", message: "{{ state.mark }} is gone." },
            },
            edges: chained(...steps, "gone"),
          },
        },
        all: set({ all: "state.problem.message" }),
      },
      edges: chained("move", "all"),
    },
    input: (mark) => ({ mark }),
    expected: (mark) => ({ all: `${mark} is gone.` }),
    effects: (mark) => steps.flatMap((step) => [`${mark}/${step}`, `done: ${mark}/${step}/undone`]),
  };
};

const listOf = (items: readonly string[]) => `[${items.map((item) => `'${item}'`).join(", ")}]`;
