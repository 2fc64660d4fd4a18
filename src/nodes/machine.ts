import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope } from "../graph/plan.ts";
import { nearest } from "../graph/problems.ts";
import { ID, ID_HINT } from "../graph/schema.ts";
import type { NodeKind, NodeResult } from "./contract.ts";

const targets = z.union([z.string(), z.array(z.string()).max(100)]);

const transition = z.strictObject({
  when: z.string().optional().describe("CEL expression, true or false; always, if left out"),
  to: z.string().describe("The state it leads to"),
  set: z.record(z.string(), z.string()).optional().describe("Channel to CEL expression, written with the new state"),
});

const state = z
  .strictObject({
    on: z.array(transition).max(100).default([]).describe("Transitions; the first whose when holds is taken"),
    goto: targets
      .optional()
      .describe("Where the run goes when this state is entered, and when it stays: nodes, or end"),
    stay: targets.optional().describe("Where it goes instead when no transition holds"),
    final: z.literal(true).optional().describe("It is never left: an activation that finds it does nothing"),
  })
  .refine(({ on, final }) => final === undefined || on.length === 0, {
    path: ["on"],
    message: "A final state has no transitions.",
  });

export const schema = z.strictObject({
  state: z.string().describe("Channel that holds the state's name"),
  initial: z.string().describe("The state while the channel is absent"),
  states: z.record(z.string().regex(ID, ID_HINT), state).describe("The states by their names"),
});

type Config = z.infer<typeof schema>;

interface Transition {
  readonly when: Expression | undefined;
  readonly to: string;
  readonly set: readonly { readonly channel: string; readonly expression: Expression }[];
}

interface State {
  readonly on: readonly Transition[];
  readonly goto: readonly string[];
  readonly stay: readonly string[];
}

interface Compiled {
  readonly channel: string;
  readonly initial: string;
  readonly states: ReadonlyMap<string, State>;
}

/** A state machine whose state is a channel: an activation takes one transition, and goes where the new state says. */
export const machine: NodeKind<Config, Compiled> = {
  kind: "machine",
  summary: "Takes a transition of a state machine, and goes where the new state leads",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: light
channels:
  light: { schema: { enum: [red, green, amber] } }
  seen: { reducer: append, default: [] }
nodes:
  change:
    kind: machine
    state: light
    initial: red
    states:
      red: { on: [{ to: green }] } # goes nowhere: with it a round is over
      green: { on: [{ to: amber }], goto: note }
      amber: { on: [{ to: red, set: { seen: "'red'" } }], goto: note }
  note: { kind: transform, set: { seen: state.light } }
edges:
  - { from: start, to: change }
  - { from: note, to: change }
`,
  compile(config, compiler) {
    const { state: channel, initial, states } = config;
    checkChannel(config, compiler);
    if (!Object.hasOwn(states, initial)) addUnknown(initial, states, ["initial"], compiler);
    checkReach(config, compiler);
    return {
      channel,
      initial,
      states: new Map(
        Object.entries(states).map(([name, each]) => [name, compileState(name, each, config, compiler)] as const),
      ),
    };
  },
  run({ channel, initial, states }, { scope }) {
    const found = scope.read(channel);
    const name = nameOf(found ?? initial, channel, states);
    const from = states.get(name) ?? NOTHING;
    const taken = from.on.find(({ when }) => when === undefined || holds(when, scope));
    if (taken !== undefined) return enter(taken, { channel, states, scope });
    return { writes: found === undefined ? [{ channel, value: name }] : [], ...goingTo(from.stay) };
  },
};

const NOTHING: State = { on: [], goto: [], stay: [] };

function enter(
  { to, set }: Transition,
  { channel, states, scope }: { readonly scope: Scope } & Pick<Compiled, "channel" | "states">,
): NodeResult {
  const writes = set.map((each) => ({ channel: each.channel, value: each.expression.evaluate(scope) }));
  return { writes: [{ channel, value: to }, ...writes], ...goingTo(states.get(to)?.goto ?? []) };
}

function goingTo(goto: readonly string[]): Pick<NodeResult, "goto"> {
  return goto.length === 0 ? {} : { goto };
}

/** @throws EdgewiseError for what is no state: a graph that was changed, or a write of somebody else's */
function nameOf(value: Json, channel: string, states: ReadonlyMap<string, State>): string {
  if (typeof value === "string" && states.has(value)) return value;
  const known = [...states.keys()].slice(0, 20).join(", ");
  const given = JSON.stringify(value).slice(0, 100);
  throw failure("node_failed", `The channel "${channel}" holds ${given}, which is no state; known are ${known}.`);
}

function holds(when: Expression, scope: Scope): boolean {
  const value = when.evaluate(scope);
  if (typeof value === "boolean") return value;
  const given = JSON.stringify(value).slice(0, 100);
  throw failure(
    "condition_failed",
    `The transition "${when.source.slice(0, 200)}" must be true or false, not ${given}.`,
  );
}

function compileState(name: string, config: Config["states"][string], whole: Config, compiler: NodeCompiler): State {
  const path = ["states", name];
  const { on, goto, stay, final } = config;
  const declare = (given: z.infer<typeof targets> | undefined, field: string, label: string): readonly string[] => {
    const list = given === undefined ? [] : typeof given === "string" ? [given] : given;
    for (const [index, to] of list.entries())
      compiler.target(to, typeof given === "string" ? [...path, field] : [...path, field, index], label);
    return list;
  };
  const entered = declare(goto, "goto", name);
  const staying = declare(stay, "stay", `still ${name}`);
  return {
    on: on.map((each, index) => compileTransition(each, [...path, "on", index], whole, compiler)),
    goto: entered,
    stay: stay === undefined && final === undefined ? entered : staying,
  };
}

function compileTransition(
  { when, to, set }: z.infer<typeof transition>,
  path: readonly (string | number)[],
  { state: channel, states }: Config,
  compiler: NodeCompiler,
): Transition {
  if (!Object.hasOwn(states, to)) addUnknown(to, states, [...path, "to"], compiler);
  return {
    to,
    when: when === undefined ? undefined : compiler.expression(when, [...path, "when"]),
    set: Object.entries(set ?? {}).map(([name, source]) => {
      const at = [...path, "set", name];
      compiler.channel(name, at);
      if (name === channel)
        compiler.problem("state_set_twice", `"${name}" holds the state; \`to\` says what it becomes.`, at, {
          atKey: true,
        });
      return { channel: name, expression: compiler.expression(source, at) };
    }),
  };
}

function addUnknown(
  name: string,
  states: Config["states"],
  path: readonly (string | number)[],
  compiler: NodeCompiler,
): void {
  const near = nearest(name, Object.keys(states));
  const known = Object.keys(states).slice(0, 20).join(", ");
  const hint = near === undefined ? `Known are ${known === "" ? "none" : known}.` : `Did you mean "${near}"?`;
  compiler.problem("unknown_state", `There is no state "${name.slice(0, 80)}".`, path, { hint });
}

/** The channel has to take every state's name, and to hold one of them. */
function checkChannel({ state: name, initial, states }: Config, compiler: NodeCompiler): void {
  const channel = compiler.channel(name, ["state"], "both");
  if (channel === undefined) return;
  if (channel.reducer !== "last") {
    const message = `A state is one value; the channel "${name}" has the reducer ${channel.reducer}.`;
    compiler.problem("state_not_last", message, ["state"], { hint: "Use a channel with the reducer last." });
    return;
  }
  for (const each of Object.keys(states)) {
    const fault = channel.schema?.check(each);
    if (fault === undefined) continue;
    const message = `The channel "${name}" does not take this state's name: ${fault.message.replace(/\.$/, "")}.`;
    compiler.problem("state_refused", message, ["states", each], { atKey: true });
  }
  const { default: first } = channel;
  if (first === undefined || first === initial) return;
  const message = `The channel "${name}" begins with ${JSON.stringify(first).slice(0, 80)}, so this says nothing.`;
  compiler.problem("invalid_default", message, ["initial"], { hint: "Leave the channel's default out." });
}

/** What nothing leads to, what is never looked at, and what nothing leads out of though it is not said to be final. */
function checkReach({ initial, states, state: channel }: Config, compiler: NodeCompiler): void {
  const reached = new Set([initial]);
  for (const name of reached) {
    if (Object.hasOwn(states, name)) for (const { to } of states[name]?.on ?? []) reached.add(to);
  }
  for (const [name, { on, final }] of Object.entries(states)) {
    const path = ["states", name];
    if (!reached.has(name)) {
      const message = `No transition leads to the state "${name}".`;
      const hint = `It is reached only where somebody else writes it to "${channel}".`;
      compiler.problem("unreachable_state", message, path, { severity: "hint", hint, atKey: true });
    }
    const always = on.findIndex(({ when }) => when === undefined);
    if (always !== -1 && always < on.length - 1) {
      const message = "The transition before this one is always taken, so this one never is.";
      compiler.problem("dead_transition", message, [...path, "on", always + 1], { severity: "warning" });
    }
    if (on.length === 0 && final === undefined) {
      const message = `No transition leaves the state "${name}".`;
      compiler.problem("stuck_state", message, path, {
        severity: "hint",
        hint: "Say final: true if it ends here.",
        atKey: true,
      });
    }
  }
}
