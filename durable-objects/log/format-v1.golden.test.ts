import { describe, expect, it } from "vitest";
import { failure } from "../../src/base/errors.ts";
import type { LogEntry } from "./entry.ts";
import { type BlobStore, decode, encode, INLINE_BYTES } from "./format-v1.ts";

class MemoryBlobs implements BlobStore {
  readonly texts = new Map<string, string>();
  put(text: string): string {
    const hash = `hash-${this.texts.size}`;
    this.texts.set(hash, text);
    return hash;
  }
  get(hash: string): string {
    return this.texts.get(hash) ?? "";
  }
}

/** Version 1 has shipped: rows may be added here, never edited. */
const GOLDEN: readonly (readonly [string, LogEntry])[] = [
  [
    '["s",[[["question","why?"],["tags",[]]],[0,2],[]]]',
    {
      type: "run-started",
      outcome: {
        writes: [
          { channel: "question", value: "why?" },
          { channel: "tags", value: [] },
        ],
        takes: [0, 2],
        sends: [],
      },
    },
  ],
  [
    '["o","1.0.0",1,[[],[],[[3,{"n":1}],[3,null]]],0,0]',
    {
      type: "task-succeeded",
      task: "1.0.0",
      attempt: 1,
      outcome: {
        writes: [],
        takes: [],
        sends: [
          { to: 3, payload: { n: 1 } },
          { to: 3, payload: null },
        ],
      },
    },
  ],
  [
    '["o","2.1.0",2,[[["answer","because"]],[1],[]],{"inputTokens":3,"outputTokens":1,"unit":"words","costUsd":0,"model":"builtin/extractive"},0]',
    {
      type: "task-succeeded",
      task: "2.1.0",
      attempt: 2,
      outcome: { writes: [{ channel: "answer", value: "because" }], takes: [1], sends: [] },
      usage: { inputTokens: 3, outputTokens: 1, unit: "words", costUsd: 0, model: "builtin/extractive" },
    },
  ],
  [
    '["f","0.0.0",3,{"code":"model_auth","message":"no","retryable":false,"node":"ask","attempt":3}]',
    {
      type: "task-failed",
      task: "0.0.0",
      attempt: 3,
      error: failure("model_auth", "no", { node: "ask", attempt: 3 }).record,
    },
  ],
  [
    '["f","0.0.0",1,{"code":"http_failed","message":"no","retryable":false},[[["problem",1]],[2],[]]]',
    {
      type: "task-failed",
      task: "0.0.0",
      attempt: 1,
      error: failure("http_failed", "no").record,
      outcome: { writes: [{ channel: "problem", value: 1 }], takes: [2], sends: [] },
    },
  ],
  ['["t","0.0.0",2]', { type: "attempt-started", task: "0.0.0", attempt: 2 }],
  [
    '["r","0.0.0",1,{"code":"model_rate_limited","message":"wait","retryable":true,"retryAfterMs":1000},1790000000000]',
    {
      type: "attempt-failed",
      task: "0.0.0",
      attempt: 1,
      error: { code: "model_rate_limited", message: "wait", retryable: true, retryAfterMs: 1000 },
      retryAt: 1_790_000_000_000,
    },
  ],
  ['["l","0.0.0"]', { type: "attempt-lost", task: "0.0.0" }],
  ['["w","0.0.0",1790000000000]', { type: "task-waiting", task: "0.0.0", until: 1_790_000_000_000 }],
  [
    '["w","0.0.0",null,"approved","o-1"]',
    { type: "task-waiting", task: "0.0.0", until: null, signal: { name: "approved", key: "o-1" } },
  ],
  ['["g","0.0.0","s-1"]', { type: "task-resumed", task: "0.0.0", signal: "s-1" }],
  [
    '["i","s-1","approved",null,[{"by":"Ada"}]]',
    { type: "signal-received", signal: { id: "s-1", name: "approved", key: null, payload: { by: "Ada" } } },
  ],
  ['["g","0.0.0"]', { type: "task-resumed", task: "0.0.0" }],
  ['["k","0.0.0","charge",[{"id":7}]]', { type: "step-recorded", task: "0.0.0", key: "charge", value: { id: 7 } }],
  [
    '["a","1.0.0",[["a",null]],6,0]',
    { type: "frames-announced", task: "1.0.0", items: ["a", null], concurrency: 6, tolerant: false },
  ],
  [
    '["a","1.0.0",[["a","b"]],2,1,1]',
    { type: "frames-announced", task: "1.0.0", items: ["a", "b"], concurrency: 2, tolerant: true, winners: 1 },
  ],
  ['["e","1.0.0",[{"n":1}]]', { type: "frames-extended", task: "1.0.0", item: { n: 1 } }],
  [
    '["b","1.0.0",1,[[["item",null]],[0],[]]]',
    {
      type: "frame-started",
      task: "1.0.0",
      frame: 1,
      outcome: { writes: [{ channel: "item", value: null }], takes: [0], sends: [] },
    },
  ],
  [
    '["x","1.0.0[1]/0.0.0",0,{"code":"expression_failed","message":"no","retryable":false}]',
    { type: "frame-failed", task: "1.0.0[1]/0.0.0", frame: 0, error: failure("expression_failed", "no").record },
  ],
  [
    '["o","0.0.0",1,[[],[],[]],0,0,[40,0.001]]',
    {
      type: "task-succeeded",
      task: "0.0.0",
      attempt: 1,
      outcome: { writes: [], takes: [], sends: [] },
      spent: { tokens: 40, costUsd: 0.001 },
    },
  ],
  ['["l","0.0.0",[120,0.5]]', { type: "attempt-lost", task: "0.0.0", spent: { tokens: 120, costUsd: 0.5 } }],
  [
    '["f","0.0.0",1,{"code":"node_failed","message":"no","retryable":false},0,[7,0]]',
    {
      type: "task-failed",
      task: "0.0.0",
      attempt: 1,
      error: failure("node_failed", "no").record,
      spent: { tokens: 7, costUsd: 0 },
    },
  ],
  [
    '["r","0.0.0",1,{"code":"node_failed","message":"no","retryable":false},1790000000000,[7,0]]',
    {
      type: "attempt-failed",
      task: "0.0.0",
      attempt: 1,
      error: failure("node_failed", "no").record,
      retryAt: 1_790_000_000_000,
      spent: { tokens: 7, costUsd: 0 },
    },
  ],
  [
    '["q","0.0.0",null,0,null,["00ff","gate",[{"text":"Send?"}],{"type":"boolean"},["ann"]]]',
    {
      type: "task-waiting",
      task: "0.0.0",
      until: null,
      ask: { id: "00ff", kind: "gate", value: { text: "Send?" }, schema: { type: "boolean" }, from: ["ann"] },
    },
  ],
  [
    '["q","0.0.0",5,"paid","o-1",["00ff","breakpoint",[null],0,0]]',
    {
      type: "task-waiting",
      task: "0.0.0",
      until: 5,
      signal: { name: "paid", key: "o-1" },
      ask: { id: "00ff", kind: "breakpoint", value: null },
    },
  ],
  [
    '["q","0.0.0",null,0,null,["00ff","gate",["?"],0,0,0,1]]',
    {
      type: "task-waiting",
      task: "0.0.0",
      until: null,
      ask: { id: "00ff", kind: "gate", value: "?", named: true },
    },
  ],
  [
    '["y","0.0.0","00ff","ann",[true]]',
    { type: "task-resumed", task: "0.0.0", answer: { ask: "00ff", by: "ann", value: true } },
  ],
  ['["n"]', { type: "run-continued" }],
  ['["n",50]', { type: "run-continued", steps: 50 }],
  ['["m",[[],[2],[]]]', { type: "run-migrated", outcome: { writes: [], takes: [2], sends: [] } }],
  [
    '["u",[[["text","x"]],[1],[]],0]',
    { type: "state-updated", outcome: { writes: [{ channel: "text", value: "x" }], takes: [1], sends: [] }, as: 0 },
  ],
  ['["u",[[],[],[]],null]', { type: "state-updated", outcome: { writes: [], takes: [], sends: [] }, as: null }],
  ['["u",[[],[3],[]],"goto"]', { type: "state-updated", outcome: { writes: [], takes: [3], sends: [] }, as: "goto" }],
  ['["p","by request"]', { type: "run-paused", reason: "by request" }],
  [
    '["z",{"code":"budget_exceeded","message":"no","retryable":false}]',
    { type: "run-stopped", error: failure("budget_exceeded", "no").record },
  ],
  ['["e","1.0.0",[{"n":1}],1]', { type: "frames-extended", task: "1.0.0", item: { n: 1 }, holds: true }],
  ['["c","by request"]', { type: "run-cancelled", reason: "by request" }],
];

describe("commit bodies, version 1", () => {
  it.each(GOLDEN)("writes and reads %s", (body, entry) => {
    expect(encode(entry, new MemoryBlobs())).toBe(body);
    expect(decode(body, new MemoryBlobs())).toEqual(entry);
  });

  it("keeps a large value outside the row, and no value can be mistaken for a reference to one", () => {
    const blobs = new MemoryBlobs();
    const outcome = {
      writes: [
        { channel: "text", value: "x".repeat(INLINE_BYTES + 1) },
        { channel: "marker", value: [null, "hash-0"] },
        { channel: "proto", value: JSON.parse('{"__proto__":{"$ref":"hash-0"}}') as never },
      ],
      takes: [],
      sends: [],
    };
    const body = encode({ type: "run-started", outcome }, blobs);
    expect(body.length).toBeLessThan(200);
    expect(decode(body, blobs)).toEqual({ type: "run-started", outcome });
  });

  it("keeps large items and large results of steps outside the row as well", () => {
    const blobs = new MemoryBlobs();
    const large = "x".repeat(INLINE_BYTES + 1);
    const entries: LogEntry[] = [
      { type: "step-recorded", task: "0.0.0", key: "k", value: large },
      { type: "frames-announced", task: "0.0.0", items: [large, [null, "hash-0"]], concurrency: 1, tolerant: true },
    ];
    for (const entry of entries) {
      const body = encode(entry, blobs);
      expect(body.length).toBeLessThan(200);
      expect(decode(body, blobs)).toEqual(entry);
    }
  });
});
