import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import type { GivenAnswer, NodeContext, NodeWait } from "./contract.ts";
import { problemsOf, runOne } from "./testing/one-node.ts";

const HOUR = 3_600_000;
const since = Date.UTC(2027, 0, 31, 9);

const by = (name: string | null, value: Json): GivenAnswer => ({ key: "", by: name, value });

/** Runs the gate as it stands after `hours`, on these answers. */
function at(hours: number, node: JsonObject, given: Partial<NodeContext> = {}, state: JsonObject = { x: "ada" }) {
  return runOne({ kind: "gate", ...node }, state, { since, now: since + hours * HOUR, ...given });
}

async function asked(...given: Parameters<typeof at>): Promise<NodeWait> {
  const result = await at(...given);
  if ("waitUntil" in result) return result;
  throw new Error(`it goes on: ${JSON.stringify(result)}`);
}

const written = (value: Json) => ({ writes: [{ channel: "out", value }] });

describe("gate [R8]", () => {
  it("asks what its template comes to, with the schema of an answer, until its deadline", async () => {
    const schema = { type: "boolean" };
    const node = { ask: { text: "{{ state.x }}" }, answer: schema, write: "out", deadline: "2h" };
    expect(await at(0, node)).toEqual({
      waitUntil: since + 2 * HOUR,
      ask: { key: "", value: { text: "ada" }, schema },
    });
    expect(await at(1, { ask: "{{ state.x }}?" })).toEqual({ waitUntil: null, ask: { key: "", value: "ada?" } });
  });

  it("goes on with the answer as it is, be it anonymous, or null", async () => {
    const node = { ask: 1, write: "out", deadline: "2h" };
    expect(await at(1, node, { answers: [by(null, { yes: true })] })).toEqual(written({ yes: true }));
    expect(await at(1, node, { answers: [by("ada", null)] })).toEqual(written(null));
    expect(await at(1, { ask: 1 }, { answers: [by("ada", 1)] })).toEqual({ writes: [] });
  });

  it("is wait_expired after its deadline, by the clock or by the wait that has ended; an answer that came before counts", async () => {
    const node = { ask: 1, write: "out", deadline: "2h" };
    await expect(at(2, node)).rejects.toMatchObject({ code: "wait_expired", retryable: false });
    // the wait began a little before `since` was taken down: its end is no reason to wait once more
    await expect(at(1.999, node, { expired: 1 })).rejects.toMatchObject({ code: "wait_expired" });
    expect((await asked(1.999, node)).waitUntil).toBe(since + 2 * HOUR);
    expect(await at(3, node, { expired: 1, answers: [by(null, 1)] })).toEqual(written(1));
  });
});

describe("gate, approvers [R8]", () => {
  const node = { ask: 1, write: "out", deadline: "2h", approvers: { from: ["ada", "eve", "bob"], need: 2 } };

  it("waits until so many have answered, and writes who said what in the order of the answers", async () => {
    expect(await asked(1, node, { answers: [by("eve", 1)] })).toMatchObject({ ask: { from: ["ada", "eve", "bob"] } });
    expect(await at(1, node, { answers: [by("eve", 1), by("ada", 2), by("bob", 3)] })).toEqual(
      written({
        answers: [
          { by: "eve", value: 1 },
          { by: "ada", value: 2 },
        ],
        stopped: false,
      }),
    );
  });

  it.each<[string, readonly GivenAnswer[]]>([
    ["of one person only the first", [by("ada", 1), by("ada", 2)]],
    ["none of who may not answer", [by("ada", 1), by("mallory", 2)]],
    ["none without a name", [by("ada", 1), by(null, 2)]],
  ])("counts %s", async (_, answers) => {
    expect(await asked(1, node, { answers })).toHaveProperty("ask");
  });

  it("without names anybody may answer, but where several have to each says who they are", async () => {
    const anybody = { ask: 1, write: "out", approvers: { need: 2 } };
    const { ask } = await asked(0, anybody, { answers: [by(null, 1), by(null, 2), by("ada", 3)] });
    expect(ask).not.toHaveProperty("from");
    const both = [by("ada", 3), by("eve", 4)];
    expect(await at(0, anybody, { answers: both })).toMatchObject({ writes: [{ value: { stopped: false } }] });
    const one = { ask: 1, write: "out", approvers: {} };
    const first = { answers: [{ by: null, value: 1 }], stopped: false };
    expect(await at(0, one, { answers: [by(null, 1), by(null, 2)] })).toEqual(written(first));
  });

  it("ends at once with an answer for which stop is true, and does not look at later ones", async () => {
    const vetoed = { ...node, approvers: { ...node.approvers, stop: "!answer.yes && state.x == 'ada'" } };
    const no = by("eve", { yes: false });
    const value = { answers: [{ by: "eve", value: { yes: false } }], stopped: true };
    expect(await at(1, vetoed, { answers: [no] })).toEqual(written(value));
    expect(await at(9, vetoed, { answers: [no, by("ada", { yes: true })] })).toEqual(written(value));
    expect(await asked(1, vetoed, { answers: [no] }, { x: "eve" })).toHaveProperty("ask");
    const last = [by("ada", { yes: true }), no];
    expect(await at(1, vetoed, { answers: last })).toMatchObject({ writes: [{ value: { stopped: true } }] });
  });

  it("fails with what is wrong where stop is neither true nor false, or cannot be judged", async () => {
    const stopping = (stop: string) => ({ ...node, approvers: { ...node.approvers, stop } });
    const answers = [by("ada", 1)];
    await expect(at(1, stopping("answer"), { answers })).rejects.toMatchObject({ code: "condition_failed" });
    await expect(at(1, stopping("answer.yes"), { answers })).rejects.toMatchObject({ code: "expression_failed" });
  });

  it("takes names from the state, also as a list, each once", async () => {
    const approvers = { from: ["{{ state.x }}", "{{ state.more }}", "ada"], need: 3 };
    const state = { x: "ada", more: ["eve", "bob", "eve"] };
    expect((await asked(0, { ask: 1, approvers }, {}, state)).ask?.from).toEqual(["ada", "eve", "bob"]);
    for (const more of [7, "", null, [[1]]])
      await expect(at(0, { ask: 1, approvers }, {}, { x: "ada", more })).rejects.toMatchObject({
        code: "expression_failed",
        message: expect.stringContaining("who may answer is named by a text"),
      });
  });

  it("fails at once where there are fewer people than answers needed, counted with those it would ask later", async () => {
    const approvers = { from: ["{{ state.x }}"], need: 2 };
    await expect(at(0, { ask: 1, approvers }, {}, { x: ["eve"] })).rejects.toMatchObject({
      message: "2 answers are needed, and only 1 may answer: eve.",
    });
    const escalate = [{ after: "1h", from: ["bob"] }];
    expect(await asked(0, { ask: 1, approvers, escalate })).toMatchObject({ ask: { from: ["ada"] } });
  });

  it("may compute how many it needs, from 1 to 100", async () => {
    const answers = [by("ada", 1)];
    const computed = { ...node, approvers: { ...node.approvers, need: "state.x" } };
    expect(await at(1, computed, { answers }, { x: 1 })).toMatchObject({ writes: [{ value: { stopped: false } }] });
    expect(await asked(1, computed, { answers }, { x: 2 })).toHaveProperty("ask");
    for (const x of [0, 101, 1.5, "2", null])
      await expect(at(1, computed, {}, { x })).rejects.toMatchObject({ code: "expression_failed" });
    await expect(at(1, computed, {}, { x: 4 })).rejects.toMatchObject({ message: /^4 answers are needed/ });
  });

  it("tells on a missed deadline who has answered", async () => {
    await expect(at(2, node, { answers: [by("eve", 1)] })).rejects.toMatchObject({
      message: 'Only 1 of 2 answers to "n" came in time.',
      record: { details: { need: 2, answers: [{ by: "eve", value: 1 }] } },
    });
  });
});

describe("gate, escalation [R8]", () => {
  const node = {
    ask: "first {{ state.x }}",
    write: "out",
    deadline: "10h",
    approvers: { from: ["ada"], need: 2 },
    escalate: [
      { after: "1h", from: ["eve"] },
      { after: "3h", ask: "urgent {{ state.x }}", from: ["bob", "ada"] },
      { after: "9h", ask: { last: "{{ state.x }}" } },
    ],
  };
  const ada = ["ada"];
  const all = ["ada", "eve", "bob"];

  it.each<[hours: number, expired: number, until: number, value: Json, from: readonly string[]]>([
    [0, 0, 1, "first ada", ada],
    [0.99, 0, 1, "first ada", ada],
    [1, 0, 3, "first ada", ["ada", "eve"]],
    [0.99, 1, 3, "first ada", ["ada", "eve"]],
    [3, 2, 9, "urgent ada", all],
    // nothing ran for hours: what is overdue is not asked one by one
    [9.5, 1, 10, { last: "ada" }, all],
  ])("after %d hours and %d ended waits it asks until hour %d", async (hours, expired, until, value, from) => {
    const wait = { waitUntil: since + until * HOUR, ask: { key: "", value, from } };
    expect(await at(hours, node, { expired })).toEqual(wait);
  });

  it("keeps what was answered before, and counts answers of those asked later", async () => {
    const answers = [by("ada", 1), by("eve", 2)];
    expect(await at(1, node, { expired: 1, answers })).toMatchObject({ writes: [{ value: { stopped: false } }] });
    expect(await asked(0, node, { answers })).toHaveProperty("ask");
  });

  it("without a deadline the last escalation stands until there are answers", async () => {
    const { deadline: _, ...endless } = node;
    expect(await asked(5000, endless, { expired: 3 })).toMatchObject({
      waitUntil: null,
      ask: { value: { last: "ada" } },
    });
  });

  it("a deadline is missed after all escalations", async () => {
    await expect(at(10, node, { expired: 4 })).rejects.toMatchObject({ code: "wait_expired" });
  });
});

it("[G9] whatever comes later, what ended a gate ended it: more answers do not change what it writes", async () => {
  const people = fc.constantFrom(null, "ada", "eve", "bob", "mallory");
  const answers = fc.array(
    fc.tuple(people, fc.boolean()).map(([name, yes]) => by(name, { yes })),
    { maxLength: 8 },
  );
  const need = fc.integer({ min: 1, max: 3 });
  await fc.assert(
    fc.asyncProperty(answers, answers, need, fc.boolean(), async (before, after, need, named) => {
      const from = named ? { from: ["ada", "eve", "bob"] } : {};
      const node = { ask: 1, write: "out", approvers: { ...from, need, stop: "!answer.yes" } };
      const first = await at(0, node, { answers: before });
      if ("waitUntil" in first) return;
      expect(await at(1, node, { answers: [...before, ...after] })).toEqual(first);
    }),
    { numRuns: 200 },
  );
});

it.each<[JsonObject, string]>([
  [{}, "/ask"],
  [{ ask: 1, deadline: "soon" }, "/deadline"],
  [{ ask: 1, deadline: "367d" }, "/deadline"],
  [{ ask: 1, approvers: { need: 0 } }, "/approvers/need"],
  [{ ask: 1, approvers: { need: "state.none" } }, "/approvers/need"],
  [{ ask: 1, approvers: { from: [] } }, "/approvers/from"],
  [{ ask: 1, approvers: { from: ["ada", "ada"], need: 2 } }, "/approvers/need"],
  [{ ask: 1, approvers: { from: ["ada"], stop: "by == 'ada'" } }, "/approvers/stop"],
  [{ ask: "{{ answer }}" }, "/ask"],
  [{ ask: 1, escalate: [] }, "/escalate"],
  [{ ask: 1, escalate: [{ after: 0 }] }, "/escalate/0/after"],
  [{ ask: 1, escalate: [{ after: "2h" }, { after: "2h" }] }, "/escalate/1/after"],
  [{ ask: 1, deadline: "2h", escalate: [{ after: "2h" }] }, "/escalate/0/after"],
  [{ ask: 1, escalate: [{ after: "2h", from: ["eve"] }] }, "/escalate/0/from"],
  [{ ask: 1, approvers: {}, escalate: [{ after: "2h", from: ["eve"] }] }, "/escalate/0/from"],
  [{ ask: 1, write: "nowhere" }, "/write"],
  [{ ask: 1, answer: { type: "nonsense" } }, "/answer/type"],
])("%j is refused", (config, field) => {
  expect(problemsOf({ kind: "gate", ...config }).map(([, path]) => path)).toEqual([`/nodes/n${field}`]);
});

it("`answer` is a name in stop alone: elsewhere a macro's variable may be called so", () => {
  expect(problemsOf({ kind: "transform", set: { out: "[1].map(answer, answer + 1)" } })).toEqual([]);
  const stop = "[1].exists(answer, answer == 1)";
  expect(problemsOf({ kind: "gate", ask: 1, approvers: { stop } })).toEqual([
    ["invalid_macro", "/nodes/n/approvers/stop"],
  ]);
});
