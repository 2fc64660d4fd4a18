import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { JsonObject } from "../../src/base/json.ts";
import type { SqliteBlobs } from "./blobs.ts";
import { type SnapshotPiece, withPiece } from "./snapshots.ts";

/** Bytes of a row; Durable Objects end at 2 MB. */
const PART_BYTES = 1_500_000;

export interface Snapshot {
  readonly seq: number;
  readonly values: JsonObject;
}

/**
 * Snapshots in their tables: each a row of `snapshots`, its text compressed in `snapshot_parts`, beside what it goes on from.
 * Those of earlier versions are whole, and blobs named `snapshot:<seq>`.
 */
export class SnapshotRows {
  readonly #sql: SqlStorage;
  readonly #blobs: SqliteBlobs;
  /** The newest that was read or written: a reader and the writer then hold the same items. */
  #known: Snapshot | undefined;

  constructor(sql: SqlStorage, blobs: SqliteBlobs) {
    this.#sql = sql;
    this.#blobs = blobs;
  }

  /** `values` after commit `seq`. A whole one takes the place of all but the last whole one and what goes on from that. */
  save(seq: number, { base, text }: SnapshotPiece, values: JsonObject): void {
    if (base === 0) this.#dropOld();
    const bytes = deflateRawSync(text);
    this.#sql.exec("DELETE FROM snapshot_parts WHERE seq = ?", seq);
    for (let part = 0; part * PART_BYTES < bytes.length; part++) {
      const body = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      // The platform takes views as well as buffers; its types name only the second.
      const bound = body as unknown as SqlStorageValue;
      this.#sql.exec("INSERT INTO snapshot_parts (seq, part, base, body) VALUES (?, ?, ?, ?)", seq, part, base, bound);
    }
    this.#sql.exec("INSERT INTO snapshots (seq, bytes) VALUES (?, ?)", seq, text.length);
    this.#known = { seq, values };
  }

  /** The newest at or before `seq`. */
  read(seq: number): Snapshot | undefined {
    const newest = this.newest(seq);
    if (newest === undefined || newest === this.#known?.seq) return newest === undefined ? undefined : this.#known;
    const snapshot = { seq: newest, values: this.#valuesAt(newest) };
    if (seq === Number.MAX_SAFE_INTEGER) this.#known = snapshot;
    return snapshot;
  }

  /** Its position alone. */
  newest(seq: number): number | undefined {
    const rows = this.#sql.exec<{ seq: number }>(
      "SELECT seq FROM snapshots WHERE seq <= ? ORDER BY seq DESC LIMIT 1",
      seq,
    );
    return rows.toArray()[0]?.seq;
  }

  forget(): void {
    this.#known = undefined;
  }

  #valuesAt(seq: number): JsonObject {
    const texts: string[] = [];
    for (let at = seq; at !== 0; ) {
      if (at === this.#known?.seq) return values(this.#known.values, texts);
      const piece = this.#piece(at);
      if (piece === undefined) return values(JSON.parse(this.#blobs.get(blobOf(at))) as JsonObject, texts);
      texts.push(piece.text);
      at = piece.base;
    }
    return values({}, texts);
  }

  /** Undefined for one of an earlier version. */
  #piece(seq: number): SnapshotPiece | undefined {
    const parts = this.#sql
      .exec<{ base: number; body: ArrayBuffer }>(
        "SELECT base, body FROM snapshot_parts WHERE seq = ? ORDER BY part",
        seq,
      )
      .toArray();
    const [first] = parts;
    if (first === undefined) return undefined;
    return {
      base: first.base,
      text: inflateRawSync(Buffer.concat(parts.map(({ body }) => new Uint8Array(body)))).toString(),
    };
  }

  #dropOld(): void {
    const [last] = this.#sql.exec<{ seq: number }>("SELECT seq FROM snapshots ORDER BY seq DESC LIMIT 1").toArray();
    let root = last?.seq ?? 0;
    for (let base: number | undefined = root; base !== undefined && base !== 0; base = this.#baseOf(base)) root = base;
    const old = this.#sql.exec<{ seq: number }>("SELECT seq FROM snapshots WHERE seq < ?", root).toArray();
    for (const { seq } of old) this.#blobs.drop(blobOf(seq));
    this.#sql.exec("DELETE FROM snapshot_parts WHERE seq < ?", root);
    this.#sql.exec("DELETE FROM snapshots WHERE seq < ?", root);
  }

  /** Undefined for one of an earlier version. */
  #baseOf(seq: number): number | undefined {
    const rows = this.#sql.exec<{ base: number }>("SELECT base FROM snapshot_parts WHERE seq = ? AND part = 0", seq);
    return rows.toArray()[0]?.base;
  }
}

/** @param texts of pieces, the newest first */
function values(base: JsonObject, texts: readonly string[]): JsonObject {
  return texts.reduceRight(withPiece, base);
}

function blobOf(seq: number): string {
  return `snapshot:${seq}`;
}
