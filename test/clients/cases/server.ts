import assert from "node:assert/strict";
import { type Case, includes, refused, until } from "../case.ts";

const of = (...names: readonly string[]) => names.map((name) => `the server:${name}`);

/** What is around the resources: health, keys, browsers, hooks. */
export const SERVER: readonly Case[] = [
  {
    name: "it says that it is up, and what it can",
    about: of("GET /ok", "GET /info"),
    async run(desk) {
      assert.deepEqual((await desk.ask("GET", "/ok")).json, { ok: true });
      const { status, json } = await desk.ask("GET", "/info");
      assert.equal(status, 200);
      includes(json, { flags: { assistants: true, crons: true } });
      assert.equal(typeof (json as { version: unknown }).version, "string");
    },
  },
  {
    name: "without a key nothing is answered but 401; in open mode nothing needs one",
    about: of("x-api-key"),
    async run(desk) {
      const search = (apiKey: string | null) => desk.open({ apiUrl: desk.url, apiKey } as never).threads.search();
      if (desk.key === undefined) {
        assert.ok(Array.isArray(await search(null)));
        return;
      }
      assert.ok(Array.isArray(await search(desk.key)));
      await refused(search("ewk_local_nobody"), 401);
      assert.equal((await fetch(`${desk.url}/threads/search`, { method: "POST", body: "{}" })).status, 401);
    },
  },
  {
    name: "a page of another origin may call, and may read the headers the clients need",
    about: of("CORS"),
    async run(desk) {
      const origin = "https://chat.example";
      const asked = {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-api-key,x-anything",
      };
      const preflight = await fetch(`${desk.url}/threads/search`, { method: "OPTIONS", headers: asked });
      assert.ok(preflight.ok, String(preflight.status));
      assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /x-anything|\*/i);
      const { headers } = await desk.ask("POST", "/threads/search", {}, { origin });
      assert.ok(["*", origin].includes(headers.get("access-control-allow-origin") ?? ""));
      const exposed = (headers.get("access-control-expose-headers") ?? "").toLowerCase();
      for (const name of ["content-location", "location", "x-pagination-total", "x-pagination-next"]) {
        assert.ok(exposed.includes(name), name);
      }
    },
  },
  {
    name: "a start that is sent twice with one Idempotency-Key is one run",
    about: of("Idempotency-Key"),
    async run(desk) {
      const id = await desk.thread();
      const headers = { "idempotency-key": crypto.randomUUID() };
      const start = () => desk.ask("POST", `/threads/${id}/runs`, { assistant_id: "c-steps", input: {} }, headers);
      const [one, other] = [await start(), await start()];
      assert.equal((one.json as { run_id: string }).run_id, (other.json as { run_id: string }).run_id);
    },
  },
  {
    name: "a run's webhook is called when it has ended, with its run and its values",
    about: ["a run's body:webhook"],
    async run(desk) {
      const id = await desk.thread();
      const webhook = `${desk.hook.origin}/hook`;
      const run = await desk.client.runs.create(id, "c-steps", { input: {}, webhook });
      const { body, headers } = await until(async () => desk.hook.about(run.run_id), "the webhook");
      includes(body, { run_id: run.run_id, thread_id: id, status: "success", values: { n: 3 } });
      for (const key of ["run_started_at", "run_ended_at", "webhook_sent_at"]) assert.ok(key in body, key);
      assert.ok(headers["webhook-signature"], "not signed");
      await refused(desk.client.runs.create(id, "c-steps", { input: {}, webhook: "http://10.0.0.1/" }), 403);
    },
  },
  {
    name: "generative UI is 404, which a client takes for none",
    about: ["~ui.getComponent"],
    async run({ client }) {
      const ui = (client as unknown as { "~ui": { getComponent(graph: string, name: string): Promise<string> } })[
        "~ui"
      ];
      await refused(ui.getComponent("c-steps", "card"), 404);
    },
  },
  {
    name: "protocol v2 is refused for good: 404, nothing that a client would retry",
    about: ["threads.stream"],
    async run(desk) {
      const id = await desk.thread();
      desk.client.threads.stream(id, { assistantId: "c-steps" });
      for (const path of ["commands", "stream/events"]) {
        assert.equal((await desk.ask("POST", `/threads/${id}/${path}`, {})).status, 404);
      }
    },
  },
  {
    name: "a body of 50 MB is refused, and nothing has changed",
    about: of("GET /info"),
    long: true,
    async run(desk) {
      const id = await desk.thread();
      const body = JSON.stringify({ assistant_id: "c-steps", input: { log: "x".repeat(50 * 1024 * 1024) } });
      const { status } = await desk.ask("POST", `/threads/${id}/runs`, body);
      assert.ok(status === 413 || status === 400, String(status));
      assert.deepEqual(await desk.client.runs.list(id), []);
    },
  },
];
