import { afterEach, describe, expect, it } from "vitest";
import { MAX_BODY_BYTES, readText } from "../src/api/body.ts";
import { encodePart } from "../src/security/tenant.ts";
import type { LogEntry } from "../durable-objects/log/entry.ts";
import { INLINE_BYTES } from "../durable-objects/log/format-v1.ts";
import { ThreadStore } from "../durable-objects/log/store.ts";
import { MAX_ROW_CHARACTERS } from "../durable-objects/log/tables.ts";
import { isTooLarge, MAX_VALUE } from "../durable-objects/run/writes.ts";
import { RUN } from "./properties/log.ts";
import { Disk, storageOn } from "./sim/disk.ts";

// F23: one unit either side of every limit on what a value may be.

const AROUND = [-1, 0, 1];
const QUOTES = 2;

let disk: Disk | undefined;
afterEach(() => {
  disk?.close();
  disk = undefined;
});
function openStore(): ThreadStore {
  disk = new Disk();
  const store = new ThreadStore(storageOn(disk, () => true).sql);
  store.createThread({ tenant: "t", threadId: "x", createdAt: 1, updatedAt: 1, metadata: {}, deleted: false });
  store.insertRun(RUN, "t");
  return store;
}
const rowsOf = (table: string) => disk?.exec(`SELECT body FROM ${table}`, []).map(({ body }) => body as string) ?? [];

describe("[F23] one character either side of a limit", () => {
  it.each(AROUND)("a value of the longest text %i", (more) => {
    expect(isTooLarge("x".repeat(MAX_VALUE + more))).toBe(more > 0);
    expect(isTooLarge(["x".repeat(MAX_VALUE + more - 2 * QUOTES)])).toBe(more > 0);
  });

  it.each(AROUND)("a value stays in its row, or stands beside it: the longest in it %i", (more) => {
    const store = openStore();
    const value = "x".repeat(INLINE_BYTES + more);
    const entry: LogEntry = { type: "step-recorded", task: "0.0.0", key: "k", value };
    store.appendCommit({ seq: 1, run: 1, at: 1, event: 1, lastEvent: 1, step: null, shows: 0, entry });
    expect(store.lastCommit()?.entry).toEqual(entry);
    expect(rowsOf("blobs")).toHaveLength(more > 0 ? 1 : 0);
  });

  it.each(AROUND)("a body fits its row, or is cut into several: the longest row %i", (more) => {
    const store = openStore();
    const data = "€".repeat(MAX_ROW_CHARACTERS + more - JSON.stringify(["0.0.0", 0, 1, "m", [""]]).length);
    store.appendChunk(1, { first: 1, each: 1, task: "0.0.0", node: 0, kind: "emit", messageId: "m", data: [data] });
    expect(store.chunks(1, 0).items[0]?.data).toEqual([data]);
    expect(rowsOf("blobs")).toHaveLength(more > 0 ? 2 : 0);
    for (const body of [...rowsOf("chunks"), ...rowsOf("blobs")])
      expect(Buffer.byteLength(body)).toBeLessThan(1_900_000);
  });

  it.each(AROUND)("a request's body of the most bytes %i", async (more) => {
    const body = new Blob(["x".repeat(MAX_BODY_BYTES + more)]).stream();
    const read = readText(body, MAX_BODY_BYTES);
    if (more > 0) await expect(read).rejects.toMatchObject({ code: "payload_too_large" });
    else expect(await read).toHaveLength(MAX_BODY_BYTES + more);
  });

  it.each(AROUND)("a part of a name of the most characters %i", (more) => {
    const name = () => encodePart("x".repeat(512 + more));
    if (more > 0) expect(name).toThrow(/513 characters/);
    else expect(name()).toHaveLength(512 + more);
  });
});
