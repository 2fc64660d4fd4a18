import { closeSync, fstatSync, openSync, readSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { visible } from "../../src/graph/draw/labels.ts";
import { Stop } from "./stop.ts";

export interface TextFile {
  /** As it was given; `-` is standard input. */
  readonly path: string;
  readonly text: string;
}

/** More is no graph: a document has at most a mebibyte, a drawing too. */
const LARGEST = 8 * 1024 * 1024;

/** @throws Stop naming the file and what is wrong with it. */
export function readTextFile(path: string): TextFile {
  const name = shown(path);
  const bytes = readBytes(path, name);
  if (bytes.length > LARGEST) throw new Stop(`${name} is larger than ${LARGEST / 1024 / 1024} MiB: no graph is.`);
  if (bytes.includes(0)) throw new Stop(`${name} is a binary file, not text.`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Stop(`${name} is not text in UTF-8.`);
  }
  if (text.trim() === "") throw new Stop(`${name} is empty.`);
  return { path, text };
}

function readBytes(path: string, name: string): Uint8Array {
  try {
    const file = path === "-" ? 0 : openSync(path, "r");
    try {
      if (fstatSync(file).isDirectory())
        throw new Stop(`${name} is a folder; name the files in it, as in ${name}/*.yaml.`);
      return readAll(file);
    } finally {
      if (file !== 0) closeSync(file);
    }
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw new Stop(`${name} ${reasonOf(error)}.`);
  }
}

/** Up to one byte more than is allowed: some files never end. */
function readAll(file: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let total = 0; total <= LARGEST; ) {
    const piece = Buffer.alloc(65_536);
    const count = readSync(file, piece);
    if (count === 0) break;
    pieces.push(piece.subarray(0, count));
    total += count;
  }
  return Buffer.concat(pieces);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EACCES: "may not be read by you",
  EPERM: "may not be read by you",
  ELOOP: "is a link to itself",
  ENAMETOOLONG: "has too long a name",
  EAGAIN: "has nothing to read yet",
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? `cannot be read (${message})`;
}

/** Replaces the file at once or not at all, whatever stops this process. @throws Stop where that cannot be done. */
export function replaceTextFile(path: string, text: string): void {
  const name = shown(path);
  if (path === "-") throw new Stop("What comes from standard input cannot be fixed in place; name a file.");
  try {
    const target = realpathSync(path);
    const draft = `${target}.${process.pid}.tmp`;
    try {
      const file = openSync(target, "r");
      const { mode } = fstatSync(file);
      closeSync(file);
      writeFileSync(draft, text, { mode, flag: "wx" });
      renameSync(draft, target);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    throw new Stop(`${name} could not be written: ${(error as Error).message}`);
  }
}

/** `.json`, `.yaml` and `.yml` say it; else what the text begins with. */
export function typeOf({ path, text }: TextFile): "json" | "yaml" {
  if (/\.json$/i.test(path)) return "json";
  if (/\.ya?ml$/i.test(path)) return "yaml";
  return /^\uFEFF?\s*[{[]/.test(text) ? "json" : "yaml";
}

/** A path as it may be printed. */
export function shown(path: string): string {
  return path === "-" ? "standard input" : visible(path).slice(0, 300);
}
