import assert from "node:assert/strict";
import { type Case, collect, includes, type Part, textOf, until } from "../case.ts";

const MODES = ["values", "updates", "messages-tuple", "tasks"] as const;
const cut = (...names: readonly string[]) => names.map((name) => `a stream that is cut:${name}`);

/** Followers who come late, come back, or come twice. */
export const REJOIN: readonly Case[] = [
  {
    name: "joined from -1 a run gives the very frames of its first stream, ids included; from any id the rest",
    about: ["runs.joinStream", "runs.joinStream:lastEventId", "a run's body:streamResumable", ...cut("Last-Event-ID")],
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      const streamMode = [...MODES];
      const input = { messages: [{ role: "user", content: "Hi" }] };
      const first = await collect(runs.stream(id, "c-chat", { input, streamMode, streamResumable: true } as never));
      const [run] = await runs.list(id);
      const join = (lastEventId: string) =>
        collect(runs.joinStream(id, run?.run_id ?? "", { lastEventId, streamMode }));
      assert.deepEqual(await join("-1"), first);
      for (const at of [0, 1, Math.floor(first.length / 2), first.length - 1]) {
        assert.deepEqual(await join(first[at]?.id ?? ""), first.slice(at + 1), `after ${at}`);
      }
    },
  },
  {
    name: "a Last-Event-ID that is garbage, from the future or of a longer run is refused, and nothing has changed",
    about: cut("Last-Event-ID"),
    async run(desk) {
      const id = await desk.thread();
      const run = await desk.client.runs.create(id, "c-steps", { input: {} });
      await desk.client.runs.join(id, run.run_id);
      const others = await desk.thread();
      const other = await desk.client.runs.create(others, "c-quick", { input: {} });
      await desk.client.runs.join(others, other.run_id);
      const far = await collect(desk.client.runs.joinStream(others, other.run_id, { lastEventId: "-1" }));
      for (const lastEventId of ["garbage", "999999999", "-7", "1e99", "%F0%9F%92%A5", "1 2", far.at(-1)?.id ?? ""]) {
        const path = `/threads/${id}/runs/${run.run_id}/stream`;
        const { status } = await desk.ask("GET", path, undefined, { "last-event-id": lastEventId });
        assert.equal(status, 400, lastEventId);
      }
      includes(await desk.client.runs.get(id, run.run_id), { status: "success" });
    },
  },
  {
    name: "two followers of one run, one of them late, get the same frames",
    about: cut("two followers"),
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      const run = await runs.create(id, "c-quick", { input: {}, streamMode: ["messages-tuple", "values"] });
      const follow = () =>
        collect(runs.joinStream(id, run.run_id, { lastEventId: "-1", streamMode: ["messages-tuple", "values"] }));
      const early = follow();
      await new Promise((resolve) => setTimeout(resolve, 400));
      const late = follow();
      const [one, other] = await Promise.all([early, late]);
      assert.deepEqual(one, other);
      assert.equal(textOf(one).length, 1200);
    },
  },
  {
    name: "a stream says where it is found again and which run it is, with paths the client can take",
    about: cut("Location", "Content-Location"),
    async run(desk) {
      const id = await desk.thread();
      for (const [path, prefix] of [
        [`/threads/${id}/runs`, `/threads/${id}`],
        ["/runs", ""],
      ] as const) {
        const body = { assistant_id: "c-steps", input: {} };
        const { headers, text } = await desk.ask("POST", `${path}/stream`, body);
        assert.match(headers.get("content-type") ?? "", /^text\/event-stream/);
        const where = headers.get("content-location") ?? "";
        assert.match(where, new RegExp(`^${prefix}/runs/[0-9a-f-]{36}$`));
        if (prefix !== "") assert.equal(headers.get("location"), `${where}/stream`);
        assert.match(text, /^event: metadata\r?\ndata: .*\r?\n(id: 0\r?\n)?\r?\n/);
        assert.doesNotMatch(text, /event: end/);
      }
    },
  },
  {
    name: "a run is joined at a checkpoint",
    about: ["runs.joinStream:checkpointId"],
    async run(desk) {
      const id = await desk.thread();
      const run = await desk.client.runs.create(id, "c-steps", { input: {} });
      await desk.client.runs.join(id, run.run_id);
      const [, second] = await desk.client.threads.getHistory(id);
      const checkpointId = second?.checkpoint.checkpoint_id ?? "";
      const parts = await collect(
        desk.client.runs.joinStream(id, run.run_id, { lastEventId: "-1", checkpointId } as never),
      );
      assert.ok(parts.length > 0);
    },
  },
  {
    name: "the client's own watch for silence does not cut a stream that beats",
    about: ["runs.stream:streamIdleReconnect", "runs.joinStream:streamIdleReconnect", ...cut("heartbeat")],
    async run(desk) {
      const id = await desk.thread();
      const parts = await collect(
        desk.client.runs.stream(id, "c-pause", { input: {}, streamIdleReconnect: 20_000 } as never),
      );
      includes(parts.at(-1), { event: "values" });
      const [run] = await desk.client.runs.list(id);
      const again = desk.client.runs.joinStream(id, run?.run_id ?? "", {
        lastEventId: "-1",
        streamIdleReconnect: 0,
      } as never);
      assert.deepEqual(await collect(again), parts);
    },
  },
  {
    name: "heartbeats are lines of comment that no client sees",
    about: cut("heartbeat"),
    long: true,
    async run(desk) {
      const id = await desk.thread();
      const run = await desk.client.runs.create(id, "c-wait", { input: {} });
      const headers = desk.key === undefined ? {} : { "x-api-key": desk.key };
      const stop = new AbortController();
      const response = await fetch(`${desk.url}/threads/${id}/runs/${run.run_id}/stream`, {
        headers,
        signal: stop.signal,
      });
      let text = "";
      const reading = (async () => {
        for await (const piece of response.body ?? []) text += new TextDecoder().decode(piece);
      })().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 14_000));
      stop.abort();
      await reading;
      await desk.client.runs.cancel(id, run.run_id, true);
      const beats = text.split("\n").filter((line) => line.startsWith(":"));
      assert.ok(beats.length >= 2, `${beats.length} beats in 14 s`);
      assert.doesNotMatch(text, /\n:[^\n]*\n\n/);
    },
  },
  {
    name: "a thread's stream goes over its runs, and is resumed by id",
    about: ["threads.joinStream", "threads.joinStream:streamMode", "threads.joinStream:lastEventId"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      const stop = new AbortController();
      const parts: Part[] = [];
      const following = (async () => {
        const stream = threads.joinStream(id, { streamMode: ["run_modes"], signal: stop.signal } as never);
        for await (const part of stream) parts.push(part as Part);
      })().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const word of ["a", "b"]) await runs.wait(id, "c-pause", { input: { word } });
      await new Promise((resolve) => setTimeout(resolve, 300));
      stop.abort();
      await following;
      assert.equal(parts.filter(({ event }) => event === "metadata").length, 2);
      const middle = parts.findLastIndex(({ event }) => event === "metadata");
      const rest: Part[] = [];
      const again = new AbortController();
      const resumed = (async () => {
        const options = { lastEventId: parts[middle]?.id, streamMode: ["run_modes"], signal: again.signal };
        for await (const part of threads.joinStream(id, options as never)) rest.push(part as Part);
      })().catch(() => undefined);
      await until(async () => rest.length >= parts.length - middle - 1, "the rest");
      again.abort();
      await resumed;
      assert.deepEqual(rest, parts.slice(middle + 1));
    },
  },
];
