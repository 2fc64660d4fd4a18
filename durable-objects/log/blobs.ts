import { createHash } from "node:crypto";
import type { BlobStore } from "./format-v1.ts";
import { MAX_ROW_CHARACTERS } from "./tables.ts";

/** Texts kept once, by content hash, in parts below the row limit. */
export class SqliteBlobs implements BlobStore {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put(text: string): string {
    const hash = createHash("sha256").update(text).digest("base64url");
    this.putAs(hash, text);
    return hash;
  }

  /** For texts that already have a name of their own, such as a graph document. */
  putAs(hash: string, text: string): void {
    if (this.#sql.exec("SELECT 1 FROM blobs WHERE hash = ? AND part = 0", hash).toArray().length > 0) return;
    for (let part = 0, start = 0; start < text.length || part === 0; part++) {
      const end = partEnd(text, start);
      this.#sql.exec("INSERT INTO blobs (hash, part, body) VALUES (?, ?, ?)", hash, part, text.slice(start, end));
      start = end;
    }
  }

  drop(hash: string): void {
    this.#sql.exec("DELETE FROM blobs WHERE hash = ?", hash);
  }

  get(hash: string): string {
    const parts = this.#sql
      .exec<{ body: string }>("SELECT body FROM blobs WHERE hash = ? ORDER BY part", hash)
      .toArray();
    if (parts.length === 0) throw new Error(`The log names the value ${hash}, which is not stored.`);
    return parts.map((part) => part.body).join("");
  }
}

/** A surrogate pair must not be torn: SQLite would store two broken halves. */
function partEnd(text: string, start: number): number {
  const end = Math.min(text.length, start + MAX_ROW_CHARACTERS);
  const last = text.charCodeAt(end - 1);
  return end < text.length && last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
