import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../sources.ts";

/** LangGraph.js, with a lockfile of its own: nobody's dependency but the proof's. */
export const CLIENTS = join(ROOT, "test/clients");
/** Vite, React and a browser, likewise. */
export const BROWSER = join(ROOT, "test/browser");

// Plain JavaScript without types: it also runs in a fresh clone, before anything is installed.
const bootstrap = <Module>(name: string) =>
  import(pathToFileURL(join(ROOT, "scripts/bootstrap", name)).href) as Promise<Module>;

/** Whether the package's folder holds what its lockfile asks for. */
export async function isInstalled(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, "node_modules"))) return false;
  return (await bootstrap<{ isInstalled(root: string): boolean }>("installed.mjs")).isInstalled(folder);
}

/** `npm ci` there if something is missing. @throws Error when it cannot be installed */
export async function install(folder: string): Promise<void> {
  if (await isInstalled(folder)) return;
  await (await bootstrap<{ install(root: string): Promise<void> }>("install.mjs")).install(folder);
}
