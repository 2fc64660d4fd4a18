/** Engines the goals name that this bench does not start, and why. */
export const ABSENT = {
  restate: { notRun: "needs its own server binary and a service process beside it" },
  dbos: { notRun: "needs a running Postgres" },
  mastra: { notRun: "its storage is a native package of its own; not installed by this bench" },
} as const;
