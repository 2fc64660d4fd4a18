import { beforeAll, describe, expect, it } from "vitest";
import errors from "../../docs/errors.md?raw";
import language from "../../docs/language.md?raw";
import models from "../../docs/models.md?raw";
import reference from "../../docs/reference.md?raw";
import reliability from "../../docs/reliability.md?raw";
import runs from "../../docs/runs.md?raw";
import { brief } from "../docs/programs/brief.ts";
import { lengths, report } from "../docs/programs/inside.ts";
import { fencesOf, graphsOf, isShown, type ShownGraph, type ShownRun } from "../docs/page.ts";
import { call, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("reader");
});

const YAML = { "content-type": "application/yaml" };
const publish = ({ text }: ShownGraph) => read(call("/graphs", { key, body: text, headers: YAML }));

async function perform({ id, text }: ShownGraph, run: ShownRun, place: string): Promise<void> {
  const { thread: _, result, error, custom, asked, answers, ...given } = run;
  const body = { assistant_id: id, input: {}, ...given };
  const home = answers === undefined || place !== "" ? place : await newThread();
  const first = await read(call(`${home}/runs/wait`, { key, json: body }));
  const ended = answers === undefined ? first : await answerAll(home, answers, asked);
  const failed = ended["__error__"];
  if (error !== undefined) {
    const shown = Object.keys(error).map((name) => [name, (failed as Record<string, unknown> | undefined)?.[name]]);
    expect.soft(isShown(Object.fromEntries(shown), error), `${text}\nfailed with ${JSON.stringify(failed)}`).toBe(true);
    return;
  }
  expect(failed, text).toBeUndefined();
  if (result !== undefined && !isShown(ended, result)) expect(ended).toEqual(result);
  if (custom !== undefined) expect(await customEvents(body)).toEqual(custom);
}

/** Answers the thread's question as often as is shown; gives what the last run ends with. */
async function answerAll(
  thread: string,
  answers: NonNullable<ShownRun["answers"]>,
  asked: unknown,
): Promise<Record<string, unknown>> {
  let ended: Record<string, unknown> = {};
  for (const json of answers) {
    const [open] = await read<{ id: string; value: unknown }[]>(call(`${thread}/interrupts`, { key }));
    if (asked !== undefined) expect(open?.value).toEqual(asked);
    const answered = call(`${thread}/interrupts/${open?.id}`, { key, json });
    const { run } = await read<{ run: { run_id: string } }>(answered);
    ended = await read(call(`${thread}/runs/${run.run_id}/join`, { key }));
  }
  return ended;
}

async function newThread(): Promise<string> {
  const { thread_id } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
  return `/threads/${thread_id}`;
}

async function customEvents(body: object): Promise<unknown[]> {
  const answer = await call("/runs/stream", {
    key,
    json: { ...body, stream_mode: ["custom"], stream_subgraphs: true },
  });
  const frames = (await answer.text()).split(/\r?\n\r?\n/).filter((frame) => /^event: custom(\|.*)?$/m.test(frame));
  return frames.map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "null") as unknown);
}

describe("docs/language.md, inside workerd", () => {
  const graphs = graphsOf(language);

  it("has no two graphs of one id, so that each runs as it is shown", () => {
    const ids = graphs.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it("shows requests, each with a part of its answer", async () => {
    for (const graph of graphs) await publish(graph);
    const shown = requestsOf(language);
    expect(shown.length).toBeGreaterThan(0);
    for (const { method, path, body, answer } of shown) {
      const type = { "content-type": "application/json" };
      const answered = await read(call(path, { key, method, ...(body === "" ? {} : { body, headers: type }) }));
      expect(answered, `${method} ${path}`).toMatchObject(answer);
    }
  });

  it.each(graphs.filter(({ needsNetwork }) => !needsNetwork).map((graph) => [graph.id, graph] as const))(
    "%s runs, and gives what is shown",
    async (_, graph) => {
      // a graph may run one that is shown above it
      for (const earlier of graphs.slice(0, graphs.indexOf(graph) + 1)) {
        if (earlier === graph || graph.text.includes(`graph: ${earlier.id}`)) await publish(earlier);
      }
      const threads = new Map<string | undefined, string>([[undefined, ""]]);
      for (const run of graph.runs.length === 0 ? [{}] : graph.runs) {
        const place = threads.get(run.thread) ?? (await newThread());
        threads.set(run.thread, place);
        await perform(graph, run, place);
      }
    },
  );
});

describe("docs/typescript.md, inside workerd", () => {
  it("shows graphs that run", async () => {
    for (const { document } of [brief, lengths, report]) await read(call("/graphs", { key, json: document }));
    const run = (graph: string, input: object) =>
      read(call("/runs/wait", { key, json: { assistant_id: graph, input } }));
    expect(await run("brief", { topic: "bees" })).toEqual({ answer: expect.any(String) });
    expect(await run("lengths", { texts: ["one", "three"] })).toMatchObject({ total: 8 });
    expect(await run("report", { topic: "bees" })).toMatchObject({ answer: expect.any(String) });
  });
});

describe("requests that the pages name", () => {
  it("are routes of the API, with the queries it takes", async () => {
    const { paths } = await read<{ paths: Record<string, Record<string, Operation>> }>(call("/openapi.json", { key }));
    const named = [language, reference, errors, models, reliability, runs].flatMap(namedRequests);
    expect(named.length).toBeGreaterThan(10);
    for (const { method, path, query } of named) {
      const verb = method.toLowerCase();
      const route = Object.keys(paths).find((each) => patternOf(each).test(path) && verb in (paths[each] ?? {}));
      expect(route, `${method} ${path}`).toBeDefined();
      const parameters = paths[route ?? ""]?.[verb]?.parameters ?? [];
      const known = parameters.filter((each) => each.in === "query").map(({ name }) => name);
      expect(known, `${method} ${path}`).toEqual(expect.arrayContaining(query));
    }
  });
});

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

/** `GET /graphs/first/diff?from=1` in a code span. */
function namedRequests(page: string) {
  return [...page.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/[^\s`?]*)(?:\?([^\s`]*))?`/g)].map(
    ([, method = "", path = "", query = ""]) => ({ method, path, query: [...new URLSearchParams(query).keys()] }),
  );
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(/\{[^}]+\}/g, "[^/]+")}$`);
}

/** `http` blocks (a request's first line, its body under it), each with the `json answer` behind it. */
function requestsOf(page: string) {
  const fences = fencesOf(page);
  return fences.flatMap(({ language: name, text }, at) => {
    if (name !== "http") return [];
    const [line = "", ...body] = text.trim().split("\n");
    const [method = "", path = ""] = line.split(" ");
    const next = fences[at + 1];
    if (next?.words[0] !== "answer") throw new Error(`${line} has no answer behind it`);
    return [{ method, path, body: body.join("\n"), answer: JSON.parse(next.text) as object }];
  });
}
