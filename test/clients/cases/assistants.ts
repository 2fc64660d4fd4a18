import assert from "node:assert/strict";
import { type Case, type Desk, includes, refused } from "../case.ts";

const made = (desk: Desk, more: object = {}) => desk.client.assistants.create({ graphId: "c-steps", ...more });
const missing = "00000000-0000-4000-8000-00000000dead";

/** Assistants: every graph is one, and may be configured into others. */
export const ASSISTANTS: readonly Case[] = [
  {
    name: "a graph's own assistant is found by its graph id and by the UUIDv5 of it",
    about: ["assistants.get"],
    async run({ client }) {
      const system = await client.assistants.get("c-steps");
      includes(system, { graph_id: "c-steps", name: "c-steps", metadata: { created_by: "system" }, version: 1 });
      assert.match(system.assistant_id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.deepEqual(await client.assistants.get(system.assistant_id), system);
      await refused(client.assistants.get(missing), 404, /not found/i);
    },
  },
  {
    name: "an assistant is made with all its fields, and every one of them comes back",
    about: [
      "assistants.create",
      ...["graphId", "config", "context", "metadata", "assistantId", "name", "description"].map(
        (field) => `assistants.create:${field}`,
      ),
    ],
    async run(desk) {
      const assistantId = crypto.randomUUID();
      const given = {
        config: { configurable: { tone: "dry" }, tags: ["a"] },
        context: { user: "Ada" },
        metadata: { team: "x" },
        name: "Of Ada",
        description: "Tries fields",
      };
      const assistant = await made(desk, { assistantId, ...given });
      includes(assistant, { assistant_id: assistantId, graph_id: "c-steps", version: 1, ...given });
      for (const at of [assistant.created_at, assistant.updated_at]) assert.ok(Date.parse(at) > 0);
      assert.deepEqual(await desk.client.assistants.get(assistantId), assistant);
      includes(await made(desk), { name: "Untitled", version: 1 });
    },
  },
  {
    name: "making one that is there is 409, or does nothing where that was asked",
    about: ["assistants.create:ifExists"],
    async run(desk) {
      const assistantId = crypto.randomUUID();
      const first = await made(desk, { assistantId, name: "first" });
      await refused(made(desk, { assistantId, name: "second" }), 409);
      await refused(made(desk, { assistantId, ifExists: "raise" }), 409);
      assert.deepEqual(await made(desk, { assistantId, name: "second", ifExists: "do_nothing" }), first);
    },
  },
  {
    name: "an update makes a version, and merges metadata",
    about: [
      "assistants.update",
      ...["graphId", "config", "context", "metadata", "name", "description"].map(
        (field) => `assistants.update:${field}`,
      ),
    ],
    async run(desk) {
      const { assistants } = desk.client;
      const { assistant_id: id } = await made(desk, { metadata: { a: 1, b: 1 } });
      const changes = {
        config: { configurable: { tone: "warm" } },
        context: { user: "Bo" },
        name: "Renamed",
        description: "New",
      };
      const updated = await assistants.update(id, { graphId: "c-ask", metadata: { b: 2 }, ...changes });
      includes(updated, { graph_id: "c-ask", version: 2, metadata: { a: 1, b: 2 }, ...changes });
      await refused(assistants.update(missing, { graphId: "c-ask", name: "x" }), 404);
    },
  },
  {
    name: "versions are listed newest first, and an older one may be the latest again",
    about: [
      "assistants.getVersions",
      "assistants.getVersions:limit",
      "assistants.getVersions:offset",
      "assistants.getVersions:metadata",
      "assistants.setLatest",
    ],
    async run(desk) {
      const { assistants } = desk.client;
      const { assistant_id: id } = await made(desk, { name: "v1" });
      await assistants.update(id, { graphId: "c-steps", name: "v2", metadata: { marked: true } });
      await assistants.update(id, { graphId: "c-steps", name: "v3" });
      const numbers = async (query: object) => (await assistants.getVersions(id, query)).map(({ version }) => version);
      assert.deepEqual(await numbers({}), [3, 2, 1]);
      assert.deepEqual(await numbers({ limit: 1, offset: 1 }), [2]);
      assert.deepEqual(await numbers({ metadata: { marked: true } }), [3, 2]);
      includes(await assistants.setLatest(id, 1), { version: 1, name: "v1" });
      includes(await assistants.get(id), { version: 1, name: "v1" });
      includes(await assistants.update(id, { graphId: "c-steps", name: "v4" }), { version: 4 });
      await refused(assistants.setLatest(id, 9), 404);
    },
  },
  {
    name: "assistants are searched, sorted, paged and cut to fields",
    about: [
      "assistants.search",
      ...["graphId", "name", "metadata", "limit", "offset", "sortBy", "sortOrder", "select", "includePagination"].map(
        (field) => `assistants.search:${field}`,
      ),
    ],
    async run(desk) {
      const { assistants } = desk.client;
      const mark = crypto.randomUUID();
      for (const name of ["Alpha", "Beta", "Gamma"]) await made(desk, { name, metadata: { mark, in: { name } } });
      const names = async (query: object) =>
        (await assistants.search({ metadata: { mark }, ...query })).map(({ name }) => name);
      assert.deepEqual(await names({}), ["Gamma", "Beta", "Alpha"]);
      assert.deepEqual(await names({ sortBy: "name", sortOrder: "asc" }), ["Alpha", "Beta", "Gamma"]);
      assert.deepEqual(await names({ limit: 1, offset: 1 }), ["Beta"]);
      assert.deepEqual(await names({ name: "AMM" }), ["Gamma"]);
      assert.deepEqual(await names({ graphId: "c-ask" }), []);
      assert.deepEqual(await names({ metadata: { mark, in: { name: "Beta" } } }), ["Beta"]);
      const [only] = await assistants.search({ metadata: { mark }, limit: 1, select: ["assistant_id", "name"] });
      assert.deepEqual(Object.keys(only ?? {}).sort(), ["assistant_id", "name"]);
      const page = await assistants.search({ metadata: { mark }, limit: 2, includePagination: true });
      assert.deepEqual([page.assistants.length, page.next], [2, "2"]);
    },
  },
  {
    name: "assistants are counted",
    about: ["assistants.count", "assistants.count:metadata", "assistants.count:graphId", "assistants.count:name"],
    async run(desk) {
      const mark = crypto.randomUUID();
      for (const name of ["One", "Two"]) await made(desk, { name, metadata: { mark } });
      const count = (query: object) => desk.client.assistants.count({ metadata: { mark }, ...query });
      assert.deepEqual([await count({}), await count({ name: "tw" }), await count({ graphId: "c-ask" })], [2, 1, 0]);
    },
  },
  {
    name: "an assistant is deleted, and its runs are refused from then on",
    about: ["assistants.delete"],
    async run(desk) {
      const { assistant_id: id } = await made(desk);
      await desk.client.assistants.delete(id);
      await refused(desk.client.assistants.get(id), 404);
      await refused(desk.client.runs.wait(null, id, { input: {} }), 404, /No assistant found/);
      await refused(desk.client.assistants.delete(id), 404);
    },
  },
  {
    name: "an assistant's threads go with it where that was asked",
    about: ["assistants.delete:deleteThreads"],
    async run(desk) {
      const { assistant_id: id } = await made(desk);
      const threadId = await desk.thread({ assistant_id: id });
      await desk.client.assistants.delete(id, { deleteThreads: true });
      await refused(desk.client.threads.get(threadId), 404);
    },
  },
  {
    name: "an assistant is drawn, with what is in its subgraphs if asked",
    about: ["assistants.getGraph", "assistants.getGraph:xray"],
    async run({ client }) {
      const plain = await client.assistants.getGraph("c-nested");
      assert.deepEqual(plain.nodes.map(({ id }) => String(id)).sort(), ["__end__", "__start__", "inner", "outer"]);
      includes(plain.edges, [{ source: "__start__", target: "outer" }]);
      const inside = await client.assistants.getGraph("c-nested", { xray: true });
      assert.ok(inside.nodes.some(({ id }) => String(id).startsWith("inner:")));
      assert.deepEqual(await client.assistants.getGraph("c-nested", { xray: 1 }), inside);
      await refused(client.assistants.getGraph(missing), 404);
    },
  },
  {
    name: "an assistant's schemas are JSON Schemas of input, output, state, config and context",
    about: ["assistants.getSchemas"],
    async run({ client }) {
      const schemas = await client.assistants.getSchemas("c-tell");
      includes(schemas, { graph_id: "c-tell", input_schema: { type: "object", properties: { name: {} } } });
      for (const name of ["output_schema", "state_schema", "config_schema", "context_schema"])
        assert.ok(name in schemas);
    },
  },
  {
    name: "an assistant's subgraphs are listed by the nodes that run them",
    about: ["assistants.getSubgraphs", "assistants.getSubgraphs:namespace", "assistants.getSubgraphs:recurse"],
    async run({ client }) {
      const all = await client.assistants.getSubgraphs("c-nested");
      assert.deepEqual(Object.keys(all), ["inner"]);
      includes(all["inner"], { state: { properties: { said: {} } } });
      assert.deepEqual(await client.assistants.getSubgraphs("c-nested", { recurse: true }), all);
      assert.deepEqual(Object.keys(await client.assistants.getSubgraphs("c-nested", { namespace: "inner" })), [
        "inner",
      ]);
    },
  },
  {
    name: "a run of an assistant takes the assistant's config and context, and the run's own go over them",
    about: ["a run's body:config", "a run's body:context"],
    async run({ client }) {
      const { assistant_id: id } = await client.assistants.create({
        graphId: "c-given",
        config: { configurable: { tone: "dry" } },
        context: { user: "Ada" },
      });
      const seen = async (more: object) =>
        ((await client.runs.wait(null, id, { input: {}, ...more })) as unknown as Seen).seen;
      includes(await seen({}), { tone: "dry", user: "Ada" });
      includes(await seen({ config: { configurable: { tone: "warm" } } }), { tone: "warm" });
      includes(await seen({ context: { user: "Bo" } }), { user: "Bo" });
    },
  },
];

interface Seen {
  readonly seen: unknown;
}
