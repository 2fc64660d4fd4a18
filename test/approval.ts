/** A graph that asks, for tests of runs that go on. */
export const APPROVAL = {
  edgewise: 1,
  id: "approval",
  channels: {
    topic: { schema: { type: "string" } },
    draft: { schema: { type: "string" } },
    decision: {},
    result: { schema: { type: "string" } },
  },
  input: ["topic"],
  output: ["draft", "decision", "result"],
  nodes: {
    write: { kind: "transform", set: { draft: "'About ' + state.topic" } },
    ask: {
      kind: "gate",
      ask: { question: "Publish?", draft: "{{ state.draft }}" },
      answer: { type: "object", properties: { approved: { type: "boolean" } }, required: ["approved"] },
      write: "decision",
    },
    publish: { kind: "transform", set: { result: "'Published: ' + state.draft" } },
    drop: { kind: "transform", set: { result: "'Dropped.'" } },
  },
  edges: [
    { from: "start", to: "write" },
    { from: "write", to: "ask" },
    { from: "ask", to: "publish", when: "state.decision.approved" },
    { from: "ask", to: "drop", else: true },
  ],
};
export const YES = { approved: true };
export const PUBLISHED = { draft: "About bees", decision: YES, result: "Published: About bees" };
