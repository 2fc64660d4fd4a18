import { beforeAll, expect, it } from "vitest";
import digest from "../../examples/digest/graph.yaml?raw";
import { call, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("examples");
  await read(call("/graphs", { key, body: digest, headers: { "content-type": "application/yaml" } }));
});

const NOTES = [
  { title: "Lunch", text: "The canteen has a new cook. She comes from Lyon." },
  { title: "Nightly job", text: "The nightly export failed twice. Ada restarted it. It must be watched today." },
  { title: "Releases", text: "We agreed to release on Tuesdays. The calendar is up to date." },
];

it("examples/digest reads each note, sorts it without a model that knows JSON, and puts problems first", async () => {
  const given = { assistant_id: "digest", input: { notes: NOTES } };
  const result = await read<{ digest: string; read: unknown[]; unread: unknown[] }>(
    call("/runs/wait", { key, json: given }),
  );
  expect(result).toMatchObject({
    read: [
      { title: "Lunch", topic: "news", urgent: false, gist: expect.stringContaining("cook") },
      { title: "Nightly job", topic: "problem", urgent: true, gist: expect.stringContaining("failed") },
      { title: "Releases", topic: "decision", urgent: false, gist: expect.stringContaining("Tuesdays") },
    ],
    unread: [],
  });
  expect(result.digest.indexOf("failed")).toBeGreaterThan(0);
  expect(result.digest.indexOf("failed")).toBeLessThan(result.digest.indexOf("Tuesdays"));
});

it("examples/digest refuses what is no list of notes before anything runs", async () => {
  const answer = await call("/runs/wait", {
    key,
    json: { assistant_id: "digest", input: { notes: [{ title: "x" }] } },
  });
  expect([answer.status, await answer.json()]).toMatchObject([400, { pointer: "/input/notes/0" }]);
});
