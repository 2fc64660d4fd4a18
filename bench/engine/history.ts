import type { Goal } from "../../scripts/goal.ts";
import { timed } from "../measure.ts";
import { storedBytes } from "../stored-bytes.ts";
import { type Conversation, grow, RUNS, textOf, withEdgewise, withLangGraph, withRaw } from "./conversation.ts";
import { type Field, isThere, type NotRun } from "./field.ts";
import { boundGoal, kilobytes, notRunGoal, ratioGoal } from "./figures.ts";
import { type Contender, medians, rounds } from "./rounds.ts";

const MIDDLE = RUNS / 2;
/** A fork adds less than a page of the database, so several are made between two looks at it. */
const FORKS = 10;
const FORK_BYTES = 4096;
/** What a list of states without their values shows. */
const SUMMARY = ["checkpoint", "parent_checkpoint", "metadata", "created_at"];

/** W8: looking back at a thread of at least 1000 checkpoints, and going on from its middle. P11 and P12. */
export async function measureHistory(field: Field, short: boolean): Promise<Goal[]> {
  const peer = await field.langgraph();
  const [ours, raw] = [await withEdgewise(field), withRaw(field)];
  const theirs = isThere(peer) ? await withLangGraph(peer, false) : undefined;
  await grow(theirs === undefined ? [ours, raw] : [ours, raw, theirs], RUNS);
  const reading = await measureReading(field, { ours: ours.thread, raw: raw.thread, theirs: theirs?.thread }, short);
  const forking = await measureForking(field, ours, theirs, short);
  const absent: NotRun = isThere(peer) ? { notRun: "it did not grow" } : peer;
  return [...readingGoals(reading, absent), ...forkingGoals(forking, absent)];
}

type Times = Readonly<Record<string, number>>;

/** Medians in milliseconds; of LangGraph none where it is not there. */
async function measureReading(
  field: Field,
  threads: { readonly ours: string; readonly raw: string; readonly theirs: string | undefined },
  short: boolean,
): Promise<Times> {
  const [edgewise, peer] = [await field.edgewise(), await field.langgraph()];
  const list = (limit: number, select?: readonly string[]) => async () => {
    const states = await edgewise.json<readonly object[]>("POST", `/threads/${threads.ours}/history`, {
      limit,
      select,
    });
    if (states.length !== limit) throw new Error(`asked for ${limit} states, got ${states.length}`);
  };
  const theirs = (work: string, more: object): Contender | undefined =>
    isThere(peer) ? () => peer.ask<number>(work, { thread: threads.theirs, ...more }) : undefined;
  const pairs: Readonly<Record<string, Contender | undefined>> = {
    state: () => timed(() => edgewise.json("GET", `/threads/${threads.ours}/state`)),
    rawState: () => field.raw(threads.raw, { read: true }),
    list10: () => timed(list(10)),
    theirList10: theirs("list", { limit: 10 }),
    list1000: () => timed(list(1000, SUMMARY)),
  };
  const present = Object.entries(pairs).filter((pair): pair is [string, Contender] => pair[1] !== undefined);
  const contenders = Object.fromEntries(present);
  await rounds(2, contenders);
  const times = medians(await rounds(short ? 3 : 15, contenders));
  // Seconds each: a few are enough.
  const long = theirs("list", { limit: 1000 });
  if (long === undefined) return times;
  return { ...times, ...medians(await rounds(short ? 1 : 3, { theirList1000: long })) };
}

function readingGoals(times: Times, absent: NotRun): Goal[] {
  const beside = (goal: string, mine: string, their: string, atMost: number): Goal => {
    const [ours, other] = [times[mine] ?? Number.NaN, times[their]];
    return other === undefined
      ? notRunGoal(goal, "langgraph:sqlite", absent)
      : ratioGoal(goal, "langgraph:sqlite", { ours, other, atMost });
  };
  const [state = Number.NaN, rawState = Number.NaN] = [times["state"], times["rawState"]];
  return [
    beside("P11 W8 list 1000 checkpoints, as summaries", "list1000", "theirList1000", 1 / 100),
    beside("P11 W8 list 10 checkpoints with values", "list10", "theirList10", 1 / 3),
    ratioGoal("P11 W8 read the state of 500 messages", "cf:do", { ours: state, other: rawState, atMost: 1.5 }),
  ];
}

/** Or why it cannot be done. */
type Forking = { readonly times: Times; readonly bytes: number; readonly bytesShort: number } | NotRun;

async function measureForking(
  field: Field,
  ours: Conversation & { readonly thread: string },
  theirs: { readonly thread: string } | undefined,
  short: boolean,
): Promise<Forking> {
  const [peer, edgewise] = [await field.langgraph(), await field.edgewise()];
  const small = await withEdgewise(field);
  await grow([small], 2 * FORKS);
  try {
    const fork = await forker(field, ours.thread, MIDDLE);
    const bytes = await bytesOf(edgewise.state, ours.thread, fork);
    const bytesShort = await bytesOf(edgewise.state, small.thread, await forker(field, small.thread, FORKS));
    const contenders: Record<string, Contender> = {
      ours: fork,
      ...(isThere(peer) &&
        theirs !== undefined && {
          langgraph: () => peer.ask<number>("fork", { thread: theirs.thread, at: MIDDLE, text: textOf(0) }),
        }),
    };
    await rounds(2, contenders);
    return { times: medians(await rounds(short ? 3 : 15, contenders)), bytes, bytesShort };
  } catch (error) {
    return { notRun: error instanceof Error ? error.message : String(error) };
  }
}

/** Goes on from the checkpoint at which the thread had so many messages: one message, one node. */
async function forker(field: Field, thread: string, messages: number): Promise<Contender> {
  const edgewise = await field.edgewise();
  const asked = { limit: 1000, select: SUMMARY };
  const states = await edgewise.json<readonly Summary[]>("POST", `/threads/${thread}/history`, asked);
  // Three checkpoints a run, the first of them numbered -1.
  const middle = states.find(({ metadata }) => metadata.step === 3 * messages - 2);
  if (middle === undefined) throw new Error(`no checkpoint with ${messages} messages`);
  const input = { messages: [{ role: "user", content: textOf(0) }] };
  return async () => {
    const took = await field.ours("notes", thread, input, { checkpoint_id: middle.checkpoint.checkpoint_id });
    const { values } = await edgewise.json<State>("GET", `/threads/${thread}/state`);
    if (values.messages?.length !== messages + 1)
      throw new Error(`a fork at ${messages} messages has ${values.messages?.length}, not one more`);
    return took;
  };
}

interface State {
  readonly values: { readonly messages?: readonly object[] };
}

interface Summary {
  readonly metadata: { readonly step: number };
  readonly checkpoint: { readonly checkpoint_id: string };
}

async function bytesOf(state: string, thread: string, fork: Contender): Promise<number> {
  const before = storedBytes(state, thread);
  for (let made = 0; made < FORKS; made++) await fork();
  return (storedBytes(state, thread) - before) / FORKS;
}

function forkingGoals(forking: Forking, absent: NotRun): Goal[] {
  const goal = "P12 W8 fork at the middle and run one node";
  const bytesGoal = "P12 W8 bytes that a fork and its run add to a thread of 500 runs: at most 4 KB";
  if ("notRun" in forking) {
    return [
      { goal: `${goal}: R(langgraph:sqlite) at most 0.6`, figure: forking.notRun, met: false },
      { goal: bytesGoal, figure: forking.notRun, met: false },
    ];
  }
  const { times, bytes, bytesShort } = forking;
  const [ours = Number.NaN, other] = [times["ours"], times["langgraph"]];
  return [
    other === undefined
      ? notRunGoal(goal, "langgraph:sqlite", absent)
      : ratioGoal(goal, "langgraph:sqlite", { ours, other, atMost: 0.6 }),
    boundGoal(bytesGoal, {
      value: Math.max(bytes, bytesShort),
      atMost: FORK_BYTES,
      figure: `${kilobytes(bytes)} (${kilobytes(bytesShort)} in one of ${2 * FORKS} runs)`,
    }),
  ];
}
