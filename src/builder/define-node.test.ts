import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EdgewiseError, failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { graphJsonSchema } from "../graph/json-schema.ts";
import type { ChatCall, ChatEvent, Models } from "../models/contract.ts";
import type { NodeContext, NodeResult } from "../nodes/contract.ts";
import { runNode, withNodeKinds } from "../nodes/registry.ts";
import { contextOf } from "../nodes/testing/context.ts";
import type { DefinedKind, NodeDefinition } from "./define-node.ts";
import { defineNode } from "./define-node.ts";
import type { Shape } from "./fields.ts";
import { channel, expression, target, template, value } from "./fields.ts";
import { graph } from "./graph.ts";
import type { NodeTools } from "./node-tools.ts";

/** What a task did besides its result. */
interface Seen {
  readonly said: string[];
  readonly emitted: Json[];
  readonly calls: ChatCall[];
}

/** Answers anything with the same two words, and keeps what it was asked. */
function modelsOf(calls: ChatCall[]): Models {
  const usage = { inputTokens: 3, outputTokens: 2, unit: "tokens", costUsd: 0.25 } as const;
  const reply = { text: "All right", toolCalls: [], finish: "stop", usage, model: "fake/one" } as const;
  async function* chat(call: ChatCall): AsyncGenerator<ChatEvent> {
    calls.push(call);
    yield { type: "text-delta", text: reply.text };
    yield { type: "finished", reply };
  }
  return { resolve: (model) => ({ provider: { contract: 1, name: "fake", chat }, model }) };
}

function steps(): NodeContext["once"] {
  const made = new Map<string, Json>();
  return async <T extends Json>(key: string, step: () => T | Promise<T>): Promise<T> => {
    const kept = made.get(key) ?? (await step());
    made.set(key, kept);
    // what was kept under this key is what its step made
    return kept as T;
  };
}

/** Compiles a graph around one node of the kind and runs one attempt at it. */
async function runOne(kind: DefinedKind, config: object, state: Readonly<Record<string, Json>> = {}) {
  const compiled = compileOne(kind, config);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const [node] = compiled.plan.nodes;
  if (node === undefined) throw new Error("no node");
  const seen: Seen = { said: [], emitted: [], calls: [] };
  const context = contextOf(state, {
    publicFetch: () => Promise.resolve(new Response("public")),
    models: modelsOf(seen.calls),
    once: steps(),
    say: (text) => seen.said.push(text),
    emit: (event) => seen.emitted.push(event),
  });
  const result = await runNode(node, context, withNodeKinds(kind));
  return { result: result as NodeResult, seen };
}

function compileOne(kind: DefinedKind, config: object) {
  const document = {
    id: "one",
    channels: { text: { schema: { type: "string" } }, list: {}, answer: {} },
    nodes: { it: { kind: kind.kind, ...config } },
    edges: [{ from: "start", to: "it" }],
  };
  // configurations are deliberately wrong in some tests, so types are left out here
  return graph(document as never, { kinds: [kind as never] }).compile();
}

/** A kind that does what a test says. */
function kindOf<const S extends Shape>(
  config: S,
  run: NodeDefinition<string, S>["run"],
  more: Pick<NodeDefinition<string, S>, "reads" | "writes" | "retry" | "timeout"> = {},
): DefinedKind {
  return defineNode({ kind: "own", summary: "Made for a test", effect: "pure", config, run, ...more });
}

const withTools = (run: (tools: NodeTools) => ReturnType<NodeDefinition<string, Shape>["run"]>) =>
  kindOf({}, (_, tools) => run(tools), { reads: ["text"], writes: ["answer"] });

describe("a kind that decides what follows [R1]", () => {
  const kind = kindOf({ each: target(), last: target().optional() }, ({ each, last }, { goto, send }) => {
    if (last === undefined) return;
    for (const payload of [1, { two: 2 }]) send(each, payload);
    goto(last);
  });

  it("names targets of its configuration, and sends to them what it wants", async () => {
    const { result } = await runOne(kind, { each: "it", last: "end" });
    const sends = [
      { to: "it", payload: 1 },
      { to: "it", payload: { two: 2 } },
    ];
    expect(result).toEqual({ writes: [], goto: ["end"], sends });
    expect((await runOne(kind, { each: "it" })).result).toEqual({ writes: [] });
  });

  it("has edges of the graph by them, over which it may send", () => {
    const compiled = compileOne(kind, { each: "it", last: "end" });
    expect(compiled.ok && compiled.plan.nodes[0]?.edges).toEqual([
      { to: 0, condition: { kind: "goto", label: "each", sends: true } },
      { to: "end", condition: { kind: "goto", label: "last" } },
    ]);
    const wrong = compileOne(kind, { each: "nobody" });
    expect(wrong.ok ? [] : wrong.problems).toMatchObject([{ code: "dangling_edge", path: "/nodes/it/each" }]);
  });
});

describe("a kind's configuration", () => {
  const kind = kindOf(
    {
      text: template(),
      count: expression(z.number()),
      all: value(),
      plain: z.number().default(7),
      maybe: template().optional(),
      from: channel("reads"),
      to: channel(),
    },
    ({ to, ...config }, { state }) => ({
      [to]: { ...config, maybe: config.maybe ?? null, read: state.read(config.from) ?? null },
    }),
  );
  const config = {
    text: "<{{ state.text }}>",
    count: "size(state.text)",
    all: { a: ["{{ state.text }}"] },
    from: "list",
    to: "answer",
  };

  it("comes to `run` as values: templates filled in, expressions evaluated, defaults set", async () => {
    const { result } = await runOne(kind, config, { text: "hey", list: [1] });
    expect(result.writes).toEqual([
      {
        channel: "answer",
        value: { text: "<hey>", count: 3, all: { a: ["hey"] }, plain: 7, maybe: null, from: "list", read: [1] },
      },
    ]);
  });

  it("is checked when the graph is compiled, each mistake at its field", () => {
    const wrong = { ...config, text: "{{ state.txet }}", count: "1 +", from: "lits", to: "anser" };
    const compiled = compileOne(kind, wrong);
    const paths = compiled.ok
      ? []
      : compiled.problems.filter(({ severity }) => severity === "error").map(({ path }) => path);
    expect([...new Set(paths)].sort()).toEqual(["count", "from", "text", "to"].map((name) => `/nodes/it/${name}`));
  });

  it("refuses missing and unknown fields, and takes absent optional ones", () => {
    const compiled = compileOne(kind, { ...config, to: undefined, txet: "" });
    expect(!compiled.ok && compiled.problems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: "missing", path: "/nodes/it/to" }),
        expect.objectContaining({ code: "unknown_key", path: "/nodes/it/txet" }),
      ]),
    );
  });

  it("says which channels a node reads and writes", () => {
    const document = { ...config, text: "hey", count: "1", all: 1 };
    const compiled = compileOne(kind, document);
    expect(compiled.ok && compiled.plan.nodes[0]).toMatchObject({ reads: ["list"], writes: ["answer"] });
  });

  it("fails an attempt whose expression gives what its schema does not take", async () => {
    const failing = runOne(kind, { ...config, count: "state.text" }, { text: "hey" });
    await expect(failing).rejects.toMatchObject({ record: { code: "node_failed", retryable: false } });
    await expect(failing).rejects.toThrow(/^The field count came to/);
  });

  it("is part of the language's JSON Schema", () => {
    const schema = JSON.parse(JSON.stringify(graphJsonSchema(withNodeKinds(kind)))) as {
      $defs: Record<string, { properties: Record<string, unknown>; required: string[] }>;
    };
    const own = schema.$defs["node-own"];
    expect(own?.required.sort()).toEqual(["all", "count", "from", "kind", "text", "to"]);
    expect(own?.properties["text"]).toEqual({ type: "string", description: "Template" });
  });
});

describe("what a node may touch", () => {
  it("a channel that the kind does not declare is neither read nor written", async () => {
    await expect(
      runOne(
        withTools(({ state }) => ({ answer: state.read("list") })),
        {},
      ),
    ).rejects.toMatchObject({
      record: { code: "node_failed", message: expect.stringContaining('"list"') },
    });
    await expect(
      runOne(
        withTools(() => ({ list: 1 })),
        {},
      ),
    ).rejects.toMatchObject({
      record: { code: "invalid_write", message: expect.stringContaining('"list"') },
    });
  });

  it("declared ones it reads and writes; undefined writes nothing", async () => {
    const { result } = await runOne(
      withTools(({ state }) => ({ answer: state.read("text") })),
      {},
      { text: "hey" },
    );
    expect(result.writes).toEqual([{ channel: "answer", value: "hey" }]);
    const nothing = await runOne(
      withTools(({ state }) => ({ answer: state.read("text") })),
      {},
    );
    expect(nothing.result).toEqual({ writes: [] });
  });

  it("fetch is the public one", async () => {
    const { result } = await runOne(
      withTools(async ({ fetch }) => ({ answer: await (await fetch("https://a.example/")).text() })),
      {},
    );
    expect(result.writes).toEqual([{ channel: "answer", value: "public" }]);
  });

  it("a graph without the channels that a kind names does not compile", () => {
    const kind = kindOf({}, () => ({}), { reads: ["absent"], writes: ["away"] });
    const compiled = compileOne(kind, {});
    const errors = compiled.ok ? [] : compiled.problems.filter(({ severity }) => severity === "error");
    expect(errors.map(({ code }) => code)).toEqual(["unknown_channel", "unknown_channel"]);
  });
});

describe("what a node says and uses", () => {
  it("what it says is streamed, and is its message", async () => {
    const { result, seen } = await runOne(
      withTools(({ say, emit }) => {
        say("one ");
        say("two");
        emit({ done: 1 });
      }),
      {},
    );
    expect(seen).toMatchObject({ said: ["one ", "two"], emitted: [{ done: 1 }] });
    expect(result.message).toMatchObject({ type: "ai", id: "message", content: "one two" });
  });

  it("models are asked under the task's key, and what all of them used is the node's", async () => {
    const { result, seen } = await runOne(
      withTools(async ({ models }) => {
        const messages = [{ role: "user", content: "Say something." }] as const;
        const whole = await models.ask({ model: "some/model", messages });
        const pieces: string[] = [];
        for await (const event of models.stream({ messages })) {
          if (event.type === "text-delta") pieces.push(event.text);
        }
        return { answer: [whole.text, ...pieces] };
      }),
      {},
    );
    expect(result.writes).toEqual([{ channel: "answer", value: ["All right", "All right"] }]);
    expect(seen.calls).toMatchObject([
      { model: "some/model", idempotencyKey: "run:task", attempt: 1 },
      { model: "default", idempotencyKey: "run:task", attempt: 1 },
    ]);
    const usage = { inputTokens: 6, outputTokens: 4, unit: "tokens", costUsd: 0.5, model: "fake/one" };
    expect(result.usage).toEqual(usage);
  });

  it("a step is made once", async () => {
    let made = 0;
    const { result } = await runOne(
      withTools(async ({ once }) => {
        const step = () => (made += 1);
        return { answer: [await once("count", step), await once("count", step)] };
      }),
      {},
    );
    expect(result.writes).toEqual([{ channel: "answer", value: [1, 1] }]);
  });
});

describe("failures", () => {
  it("an error of the user's code may pass: it is retryable, with its words", async () => {
    const failing = runOne(
      withTools(() => Promise.reject(new Error("the line is busy"))),
      {},
    );
    await expect(failing).rejects.toMatchObject({
      record: {
        code: "node_failed",
        retryable: true,
        cause: "the line is busy",
        message: expect.not.stringContaining("busy"),
      },
    });
  });

  it("what is thrown need not be an error", async () => {
    for (const thrown of [undefined, null, "text", Object.create(null)]) {
      const failing = runOne(
        withTools(() => Promise.reject(thrown as Error)),
        {},
      );
      await expect(failing).rejects.toBeInstanceOf(EdgewiseError);
    }
  });

  it("a failure is final as it says", async () => {
    const failing = runOne(
      withTools(() => {
        throw failure("node_failed", "There is no such order.");
      }),
      {},
    );
    await expect(failing).rejects.toMatchObject({ record: { retryable: false, message: "There is no such order." } });
  });
});

describe("[G12] an estimate", () => {
  const definition = { kind: "own", summary: "Made for a test", effect: "pure", run: () => undefined } as const;
  const estimatedFor = (kind: DefinedKind, config: object, state: Readonly<Record<string, Json>>) => {
    const compiled = compileOne(kind, config);
    const node = compiled.ok ? compiled.plan.nodes[0] : undefined;
    if (node === undefined) throw new Error("no node");
    return kind.estimate?.(node.compiled as never, contextOf(state, { models: modelsOf([]) }));
  };

  it("is made of what the configuration comes to, and of what would be asked", () => {
    const kind = defineNode({
      ...definition,
      config: { text: template() },
      reads: ["list"],
      estimate({ text }, { models, state }) {
        const { tokens } = models.estimate({ messages: [{ role: "user", content: text }], maxTokens: 100 });
        return { tokens: tokens * Number(state.read("list")), costUsd: 0.5 };
      },
    });
    const once = (16 + 4 + 100) * 2;
    expect(estimatedFor(kind, { text: "{{ state.text }}" }, { text: "sixsix", list: 2 })).toEqual({
      tokens: once,
      costUsd: 0.5,
    });
  });

  it("counts what it leaves out as nothing, and is not there where the kind has none", () => {
    const none = defineNode({ ...definition, config: {} });
    expect("estimate" in none).toBe(false);
    const little = defineNode({ ...definition, config: {}, estimate: () => ({ tokens: 3 }) });
    expect(estimatedFor(little, {}, {})).toEqual({ tokens: 3, costUsd: 0 });
  });
});

describe("retry and time-out", () => {
  it("are those of the definition where the document says nothing", () => {
    const kind = kindOf({}, () => ({}), { retry: { attempts: 4, delay: "2s", max_delay: "1m" }, timeout: "10s" });
    const compiled = compileOne(kind, {});
    expect(compiled.ok && compiled.plan.nodes[0]).toMatchObject({
      retry: { attempts: 4, delayMs: 2000, maxDelayMs: 60_000 },
      timeoutMs: 10_000,
    });
    const said = compileOne(kind, { retry: 1, timeout: "1s" });
    expect(said.ok && said.plan.nodes[0]).toMatchObject({ retry: { attempts: 1, delayMs: 2000 }, timeoutMs: 1000 });
  });
});

describe("a definition", () => {
  it.each(["", "a b", "1st", ".a", "a..b", "x".repeat(65)])("of the kind %j is refused", (kind) => {
    const define = () => defineNode({ kind, summary: "", effect: "pure", config: {}, run: () => ({}) });
    expect(define).toThrow(TypeError);
  });

  it.each(["kind", "retry", "timeout", "join", "effect", "cache", "description"])(
    "with a field %s, which every node has, is refused",
    (name) => {
      expect(() => kindOf({ [name]: template() }, () => ({}))).toThrow(`a field "${name}"`);
    },
  );

  it("with a time that is none is refused", () => {
    expect(() => kindOf({}, () => ({}), { timeout: "-5s" })).toThrow('"-5s" is no duration');
  });
});
