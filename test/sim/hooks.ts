import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** A planted bug: a piece of the product's source replaced by another when it is loaded. */
export interface Patch {
  /** From the root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A small world must come to what only large threads come to: snapshots, pages that are cut, chunks that are full. */
const SMALL: readonly Patch[] = [
  {
    file: "durable-objects/log/snapshots.ts",
    find: "const MIN_WEIGHT = 16 * 1024;",
    replace: "const MIN_WEIGHT = 2 * 1024;",
  },
  { file: "durable-objects/log/page.ts", find: "PAGE_LENGTH = 128;", replace: "PAGE_LENGTH = 7;" },
  { file: "durable-objects/run/attempt.ts", find: "CHUNK_PIECES = 256;", replace: "CHUNK_PIECES = 3;" },
];

const PLATFORM = "export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }";

/**
 * The sources as they are with these patches, by URL.
 * @throws Error for a patch whose piece is not there exactly once: the product has changed under it
 */
export function patched(patches: readonly Patch[]): ReadonlyMap<string, string> {
  const root = import.meta.resolve("../../");
  const texts = new Map<string, string>();
  for (const { file, find, replace } of [...SMALL, ...patches]) {
    const url = new URL(file, root).href;
    const text = texts.get(url) ?? readFileSync(fileURLToPath(url), "utf8");
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places like this: ${find}`);
    texts.set(url, parts.join(replace));
  }
  return texts;
}

/** Lets the product load in Node: the platform's module stands in, and patched files are read as patched. */
export function hookModules(patches: readonly Patch[]): void {
  const texts = patched(patches);
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "cloudflare:workers"
        ? { url: `data:text/javascript,${encodeURIComponent(PLATFORM)}`, shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) => {
      const source = texts.get(url);
      return source === undefined ? next(url, context) : { format: "module-typescript", source, shortCircuit: true };
    },
  });
}
