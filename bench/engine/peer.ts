import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../scripts/local/repository.ts";

/** The package of other engines, with a lockfile of its own: what it holds is nobody's dependency but the bench's. */
export const PEERS = join(ROOT, "bench/peers");

/** Another engine in a process of its own. */
export interface Peer {
  /** Has the work done; answers what it says it took. @throws Error with its own words. */
  ask<Answer>(work: string, more?: object): Promise<Answer>;
  stop(): Promise<void>;
}

/** Installs what is missing. @throws Error when it cannot be installed. */
export async function startPeer(script: string): Promise<Peer> {
  await installPeers();
  const child = fork(join(PEERS, script), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  child.on("message", ({ question: id, value, error }: { question: number; value: unknown; error?: string }) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asker?.resolve(value);
    else asker?.reject(new Error(`${script}: ${error}`));
  });
  child.on("exit", (code) => {
    for (const asker of waiting.values()) asker.reject(new Error(`${script} ended with ${code}.`));
    waiting.clear();
  });
  return {
    ask: <Answer>(work: string, more: object = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const id = asked++;
        waiting.set(id, { resolve: (value) => resolve(value as Answer), reject });
        child.send({ ...more, question: id, work });
      }),
    stop: () => ended(child),
  };
}

export async function installPeers(): Promise<void> {
  // Plain JavaScript without types: it also runs in a fresh clone, before anything is installed.
  const load = <Module>(name: string) =>
    import(pathToFileURL(join(ROOT, "scripts/bootstrap", name)).href) as Promise<Module>;
  const installed = await load<{ isInstalled(root: string): boolean }>("installed.mjs");
  if (installed.isInstalled(PEERS)) return;
  const installation = await load<{ install(root: string): Promise<void> }>("install.mjs");
  await installation.install(PEERS);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.disconnect();
  });
}
