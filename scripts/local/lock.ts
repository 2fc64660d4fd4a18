import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { Stop } from "./stop.ts";

/**
 * Who has the state folder: two runtimes on the same SQLite files would ruin them.
 * The runtime's own process is on record too, because it outlives a server that was killed with -9.
 */
interface Holder {
  readonly server: ProcessIdentity;
  readonly runtime?: Runtime;
  readonly url?: string;
}
/** `leadsGroup`: it is several processes, which end together. */
type Runtime = ProcessIdentity & { readonly leadsGroup?: boolean };

export interface Lock {
  record(holder: { readonly runtimePid?: number; readonly leadsGroup?: boolean; readonly url?: string }): void;
  release(): void;
}

/**
 * Takes the folder for this process. A runtime left behind by a killed server is ended first.
 * @throws Stop when a living server has it.
 */
export async function takeLock(state: string, note: (line: string) => void): Promise<Lock> {
  const path = join(state, "server.json");
  const holder = readHolder(path);
  if (holder !== undefined && isAlive(holder.server)) throw inUse(state, holder);
  await endLeftover(holder?.runtime, note);
  // Another one, if the server was killed before it recorded its runtime, or if that died and was replaced.
  await endLeftover(unrecordedRuntime(state), note);
  const server = identify(process.pid);
  if (server === undefined) throw new Error("this process does not find itself in the process table");
  let current: Holder = { server };
  const write = () => writeFileSync(path, `${JSON.stringify(current)}\n`);
  write();
  return {
    record({ runtimePid, leadsGroup = false, url }) {
      const runtime = runtimePid === undefined ? undefined : identify(runtimePid);
      current = { ...current, ...(runtime && { runtime: { ...runtime, leadsGroup } }), ...(url && { url }) };
      write();
    },
    release() {
      rmSync(path, { force: true });
      rmSync(runtimePidFile(state), { force: true });
    },
  };
}

/** Written by the shell that becomes the runtime, see runtime.sh. */
export function runtimePidFile(state: string): string {
  return join(state, "runtime.pid");
}

export function readRuntimePid(state: string): number | undefined {
  const path = runtimePidFile(state);
  const pid = existsSync(path) ? Number.parseInt(readFileSync(path, "utf8"), 10) : Number.NaN;
  return Number.isNaN(pid) ? undefined : pid;
}

/** The last runtime that was started here: only its number is known, so its environment has to prove it. */
function unrecordedRuntime(state: string): ProcessIdentity | undefined {
  const pid = readRuntimePid(state);
  if (pid === undefined) return undefined;
  return environmentOf(pid).includes(`EDGEWISE_RUNTIME_PID_FILE=${runtimePidFile(state)}`) ? identify(pid) : undefined;
}

/** Empty for a process that is gone, is just going, or is somebody else's: none of them is a runtime that could be ended. */
function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

async function endLeftover(runtime: Runtime | undefined, note: (line: string) => void): Promise<void> {
  if (runtime === undefined || !isAlive(runtime)) return;
  note(`The last server was killed and its runtime (process ${runtime.pid}) was still running; ended it.`);
  process.kill(runtime.leadsGroup === true ? -runtime.pid : runtime.pid, "SIGKILL");
  for (let waited = 0; waited < 5_000 && isAlive(runtime); waited += 20) await sleep(20);
}

function inUse(state: string, holder: Holder): Stop {
  const where = holder.url === undefined ? "" : ` at ${holder.url}`;
  return new Stop(
    `Another Edgewise (process ${holder.server.pid}${where}) is using ${state}.\n` +
      "Use that one, stop it, or give this one a folder of its own: EDGEWISE_STATE=another-folder npm start",
  );
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    // None, or torn by a kill while it was written: then nobody is known to have the folder.
    return undefined;
  }
}
