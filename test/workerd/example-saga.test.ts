import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import trip from "../../examples/saga/graph.yaml?raw";
import { openDatabase } from "../../src/storage/database.ts";
import { createItemStore } from "../../src/storage/items.ts";
import { call, migrate, newKey, read } from "./client.ts";

const TENANT = "travellers";
let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey(TENANT);
  await read(call("/graphs", { key, body: trip, headers: { "content-type": "application/yaml" } }));
});

async function book(traveller: string, budget: number) {
  const result = await read(call("/runs/wait", { key, json: { assistant_id: "trip", input: { traveller, budget } } }));
  const store = createItemStore(openDatabase(env.DB), TENANT);
  const pieces = ["flight", "hotel", "car"];
  const kept = await Promise.all(pieces.map((piece) => store.get(["trips", traveller], piece)));
  return { result, kept: kept.flatMap((item) => item?.key ?? []) };
}

it("examples/saga books all of a trip, or gives back what it has booked", async () => {
  expect(await book("grace", 600)).toEqual({
    result: { booked: ["flight", "hotel", "car"] },
    kept: ["flight", "hotel", "car"],
  });
  expect(await book("ada", 400)).toEqual({
    result: { booked: [], refused: "The trip costs 510, more than 400." },
    kept: [],
  });
});
