import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** As the example graph takes them. */
export interface SourceDocument {
  readonly title: string;
  readonly text: string;
}

/** This repository's README and docs, whole files first come first served, until the bytes are used up. */
export function readDocuments(root: string, maxBytes: number): readonly SourceDocument[] {
  const docs = join(root, "docs");
  const pages = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: "utf8" }) : [];
  const paths = [
    "README.md",
    ...pages
      .filter((name) => name.endsWith(".md"))
      .sort()
      .map((name) => join("docs", name)),
  ];
  const documents: SourceDocument[] = [];
  let left = maxBytes;
  for (const path of paths.filter((name) => existsSync(join(root, name)))) {
    const text = shorten(readFileSync(join(root, path), "utf8"), left);
    if (text !== "") documents.push({ title: path.replaceAll("\\", "/"), text });
    left -= Buffer.byteLength(text);
  }
  return documents;
}

/** Cut at the end of a paragraph. */
function shorten(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const cut = Buffer.from(text).subarray(0, Math.max(0, maxBytes)).toString("utf8");
  return cut.slice(0, Math.max(0, cut.lastIndexOf("\n\n")));
}
