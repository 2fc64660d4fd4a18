import type { Case } from "../case.ts";
import { ASSISTANTS } from "./assistants.ts";
import { CRONS } from "./crons.ts";
import { QUEUE } from "./queue.ts";
import { REJOIN } from "./rejoin.ts";
import { RUNS } from "./runs.ts";
import { SERVER } from "./server.ts";
import { STATE } from "./state.ts";
import { STORE } from "./store.ts";
import { STREAMS } from "./streams.ts";
import { THREADS } from "./threads.ts";

export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  assistants: ASSISTANTS,
  threads: THREADS,
  state: STATE,
  runs: RUNS,
  streams: STREAMS,
  queue: QUEUE,
  rejoin: REJOIN,
  crons: CRONS,
  store: STORE,
  server: SERVER,
};
export const CASES: readonly Case[] = Object.values(GROUPS).flat();
