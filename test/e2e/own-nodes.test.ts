import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raffle } from "../../examples/own-nodes/raffle.ts";
import { freePort, type Running, startScript } from "./server.ts";

const WORKER = "examples/own-nodes/worker.ts";

describe("a Worker with node kinds of its own", () => {
  const state = mkdtempSync(join(tmpdir(), "edgewise-own-nodes-"));
  let running: Running;
  let url: string;
  let headers: Record<string, string>;

  beforeAll(async () => {
    const port = await freePort();
    running = startScript(["--no-job", "--worker", WORKER], { PORT: String(port), EDGEWISE_STATE: state });
    await running.says(/ready at/);
    url = `http://127.0.0.1:${port}`;
    headers = { "x-api-key": readFileSync(join(state, "key"), "utf8").trim(), "content-type": "application/json" };
    const published = await post("/graphs", raffle.yaml(), "application/yaml");
    expect(published).toMatchObject({ graph_id: "raffle", hash: raffle.hash });
  });
  afterAll(async () => {
    running.signal("SIGINT");
    await running.ended;
    rmSync(state, { recursive: true, force: true });
  });

  async function post(path: string, body: string, type = "application/json"): Promise<unknown> {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { ...headers, "content-type": type },
      body,
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  it("runs them, under the hash that the builder said", async () => {
    const names = ["Ada", "Grace", "Barbara"];
    const result = await post("/runs/wait", JSON.stringify({ assistant_id: "raffle", input: { names } }));
    const { winner, letter } = result as { winner: string; letter: string };
    expect(names).toContain(winner);
    expect(letter).toContain(winner);
  });

  it("streams what they say", async () => {
    const body = JSON.stringify({ assistant_id: "raffle", input: { names: ["Ada"] }, stream_mode: ["messages-tuple"] });
    const response = await fetch(`${url}/runs/stream`, { method: "POST", headers, body });
    expect(await response.text()).toContain("The winner is Ada.");
  });

  it("knows them in the JSON Schema of the language, and refuses graphs that use them wrongly", async () => {
    const schema = (await (await fetch(`${url}/schema/graph.json`)).json()) as { $defs: Record<string, unknown> };
    expect(schema.$defs).toHaveProperty("node-draw");
    const wrong = raffle.yaml().replace("from: state.names", "from: state.nmes");
    await expect(post("/graphs", wrong, "application/yaml")).rejects.toThrow(/nmes/);
  });
});
