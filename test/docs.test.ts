import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCommand } from "../scripts/graph/options.ts";
import { compileGraph } from "../src/graph/compile.ts";
import { contextOf } from "../src/nodes/testing/context.ts";
import { runNode, withNodeKinds } from "../src/nodes/registry.ts";
import { play, writeDocuments } from "./docs/console.ts";
import { commandsOf, fencesOf } from "./docs/page.ts";
import { lookUp } from "./docs/programs/look-up.ts";
import { readSource, ROOT } from "./sources.ts";

const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs")).flatMap((name) => (name.endsWith(".md") ? `docs/${name}` : [])),
];

describe("docs/language.md, at a command line", () => {
  const page = readSource("docs/language.md");
  const folder = mkdtempSync(join(tmpdir(), "edgewise-docs-"));
  beforeAll(() => writeDocuments(page, folder));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(commandsOf(page).map(({ command, output }) => [command, output]))(
    "%s prints what is shown",
    (command, output) => {
      expect(play(command, folder)).toBe(output);
    },
  );
});

describe("the pages", () => {
  const programs = PAGES.flatMap((page) =>
    fencesOf(readSource(page)).flatMap(({ language, words: [file], text }) =>
      language === "ts" && file !== undefined ? [[page, file, text] as const] : [],
    ),
  );

  it("show programs", () => {
    expect(programs.length).toBeGreaterThan(3);
  });

  it.each(programs)("%s shows %s as it is, which is type-checked and run", (_, file, text) => {
    expect(readSource(file)).toContain(text);
  });

  it("the README begins with an example as it is", () => {
    const [first] = fencesOf(readSource("README.md"));
    expect(readSource("examples/hello/graph.yaml")).toBe(first?.text);
  });

  it.each(PAGES)("%s names commands that there are", (page) => {
    const text = readSource(page);
    const { scripts } = JSON.parse(readSource("package.json")) as { scripts: object };
    const named = [...text.matchAll(/npm run ([a-z]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !Object.keys(scripts).includes(name ?? ""))).toEqual([]);
    const calls = [...text.matchAll(/npm run graph -- ([^`#\n]+)/g)].map(([, words = ""]) => words.trim().split(/ +/));
    for (const words of calls) expect(() => readCommand(words), words.join(" ")).not.toThrow();
  });

  it.each(PAGES)("%s links to what is there", (page) => {
    const broken = linksOf(readSource(page)).filter((link) => !isThere(page, link));
    expect(broken).toEqual([]);
  });
});

describe("docs/typescript.md", () => {
  it("shows a node that runs, in a graph written as YAML", async () => {
    const kinds = withNodeKinds(lookUp);
    const compiled = compileGraph({ text: LOOKS_UP, type: "yaml" }, kinds);
    const node = compiled.ok ? compiled.plan.nodes[0] : undefined;
    if (node === undefined) throw new Error(JSON.stringify(compiled));
    const look = (status: number) => {
      const publicFetch: typeof fetch = async (url) => new Response(`entry of ${new Request(url).url}`, { status });
      return runNode(node, contextOf({ word: "a/b" }, { publicFetch }), kinds);
    };
    expect(await look(200)).toMatchObject({
      writes: [{ channel: "entry", value: "entry of https://words.example/a%2Fb" }],
    });
    await expect(look(404)).rejects.toMatchObject({ code: "node_failed", retryable: false });
    await expect(look(503)).rejects.toMatchObject({ code: "http_failed", retryable: true });
  });
});

const LOOKS_UP = `edgewise: 1
id: looks-up
channels: { word: {}, entry: {} }
nodes:
  look: { kind: look-up, url: "https://words.example/", word: "{{ state.word }}", write: entry }
edges: [{ from: start, to: look }]
`;

/** Links within the repository: `nodes/map.md`, `#versions`, `reference.md#functions`. */
function linksOf(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => (/^[a-z]+:/.test(link) ? [] : link));
}

function isThere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(page, "..", path);
  if (anchor === undefined || !target.endsWith(".md")) return isFile(target);
  return isFile(target) && anchorsOf(readSource(target)).includes(anchor);
}

function isFile(path: string): boolean {
  const [folder, name] = [join(ROOT, path, ".."), path.replace(/\/$/, "").split("/").at(-1) ?? ""];
  return readdirSync(folder).includes(name);
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
