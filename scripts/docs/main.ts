import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../local/repository.ts";
import { NODE_PAGES, nodePages } from "./pages.ts";

/** Writes the pages of every kind of node, and removes those of kinds that are no more. */
const folder = join(ROOT, NODE_PAGES);
const pages = nodePages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
console.log(`${pages.size} pages in ${NODE_PAGES}`);
