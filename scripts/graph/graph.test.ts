import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { HELP, readCommand } from "./options.ts";
import { excerpt } from "./problem-lines.ts";
import { run } from "./run.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = mkdtempSync(join(tmpdir(), "edgewise-graph-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What a call prints and answers. */
function call(arguments_: readonly string[], isTerminal = false) {
  const printed = { result: "", note: "" };
  const code = run(arguments_, {
    result: (text) => (printed.result += text),
    note: (text) => (printed.note += text),
    isTerminal,
    style: (_, text) => text,
  });
  return {
    code,
    ...printed,
    result: printed.result.replaceAll(`${folder}/`, ""),
    note: printed.note.replaceAll(`${folder}/`, ""),
  };
}

const SOUND = `edgewise: 1
id: sound
channels: { x: }
nodes: { a: { kind: transform, set: { x: "1" } } }
edges: [{ from: start, to: a }]
`;
const WARNED = SOUND.replace("x: }", "x: , y: }");
const BROKEN = SOUND.replace('"1"', "state.z + 1");

describe("check", () => {
  it("says nothing of a sound graph, and warns without failing", () => {
    expect(call(["check", fileOf("sound.yaml", SOUND)])).toEqual({
      code: 0,
      result: "",
      note: "1 file: no problems.\n",
    });
    expect(call(["check", fileOf("warned.yaml", WARNED)])).toEqual({
      code: 0,
      result: 'warned.yaml:3:18 warning unused_channel No node reads or writes the channel "y".\n',
      note: "1 file: 1 warning.\n",
    });
  });

  it("fails on errors, with place, hint and, on a terminal, the line", () => {
    const path = fileOf("broken.yaml", BROKEN);
    const { code, result } = call(["check", path], true);
    expect(code).toBe(1);
    const [first, hint, line, caret] = result.split("\n");
    expect(first).toMatch(/^broken\.yaml:4:\d+ error unknown_channel /);
    expect(hint).toBe("  Declare it under channels.");
    expect(line).toBe(`  ${BROKEN.split("\n")[3]}`);
    expect(caret?.indexOf("^")).toBe(line?.indexOf("state.z"));
    expect(call(["check", path]).result).not.toContain("^");
  });

  it("gives everything as JSON", () => {
    const { code, result } = call(["check", fileOf("a.yaml", WARNED), fileOf("b.yaml", BROKEN), "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(result)).toMatchObject([
      { file: "a.yaml", problems: [{ code: "unused_channel", fix: { edits: [{ path: ["channels", "y"] }] } }] },
      { file: "b.yaml", problems: [{ code: "unknown_channel", line: 4 }] },
    ]);
  });

  it("--fix mends the file in place, keeps its mode, and leaves nothing else in the folder", () => {
    const path = fileOf("mend.yaml", `# mine\n${WARNED}`);
    chmodSync(path, 0o640);
    const files = readdirSync(folder);
    expect(call(["check", "--fix", path])).toMatchObject({
      code: 0,
      note: expect.stringContaining("mend.yaml fixed unused_channel"),
    });
    expect(call(["check", path]).note).toBe("1 file: no problems.\n");
    expect(readFileSync(path, "utf8")).toContain("# mine\nedgewise: 1\n");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(files);
  });
});

describe("the other verbs", () => {
  it.each([
    ["mermaid", /^flowchart TD\n/],
    ["svg", /^<svg /],
    ["dot", /^digraph /],
    ["markdown", /^# /],
    ["drawable", /^\{\n {2}"nodes": \[/],
  ])("draw as %s", (format, begins) => {
    expect(call(["draw", fileOf("sound.yaml", SOUND), "--as", format]).result).toMatch(begins);
  });

  it("draws nothing of a broken graph", () => {
    expect(call(["draw", fileOf("broken.yaml", BROKEN)])).toMatchObject({
      code: 1,
      result: expect.stringContaining("unknown_channel"),
    });
  });

  it("diff lists what changed", () => {
    expect(call(["diff", fileOf("sound.yaml", SOUND), fileOf("warned.yaml", WARNED)])).toEqual({
      code: 0,
      result: 'channel "y" added (null)\n',
      note: "1 channel added.\n",
    });
  });

  it("import prints a draft that checks, and its report beside it", () => {
    const { code, result, note } = call([
      "import",
      fileOf("my flow.mmd", "graph TD\na -->|yes| b\nstyle a fill:#fff\n"),
    ]);
    expect(code).toBe(0);
    expect(result).toContain("id: my_flow\n");
    expect(note).toContain("my flow.mmd:3 style: How it is drawn is not part of a graph.");
    expect(call(["check", fileOf("draft.yaml", result)])).toMatchObject({ code: 0 });
    const drawable = call(["draw", fileOf("sound.yaml", SOUND), "--as", "drawable"]).result;
    expect(call(["import", fileOf("d.json", drawable), "--id", "again"]).result).toContain("id: again\n");
  });

  it("import of what is no drawing says so and is no success", () => {
    expect(call(["import", fileOf("sound.yaml", SOUND)])).toMatchObject({
      code: 1,
      note: expect.stringContaining("0 nodes and edges imported"),
    });
  });

  it("expand writes steps out, upgrade finds nothing to do", () => {
    const steps = "edgewise: 1\nid: short\n# kept\nchannels: { x: }\nsteps:\n  - { id: a, prompt: hello, write: x }\n";
    const expanded = call(["expand", fileOf("steps.yaml", steps)]);
    expect(expanded).toMatchObject({ code: 0, result: expect.stringContaining("nodes:") });
    expect(expanded.result).toContain("# kept");
    expect(call(["check", fileOf("long.yaml", expanded.result)])).toMatchObject({ code: 0 });
    expect(call(["upgrade", fileOf("sound.yaml", SOUND)])).toMatchObject({ code: 0, result: SOUND });
  });

  it("schema is JSON", () => {
    expect(JSON.parse(call(["schema"]).result)).toHaveProperty("$schema");
  });
});

describe("wrong use is told in a sentence, with exit code 2", () => {
  it.each([
    ["nothing", [], /^Say what to do\./],
    ["an unknown verb", ["chek"], /Did you mean "check"\?/],
    ["no file", ["check"], /^check takes files; 0 were given\.\nusage: npm run graph -- check FILE/],
    ["too few files", ["diff", "a"], /^diff takes 2 files; 1 was given/],
    ["an unknown option", ["check", "--fxi", "a"], /^Unknown option '--fxi'\.\nusage/],
    ["an unknown format", ["draw", "a", "--as", "png"], /^--as is "png"; it should be mermaid, svg/],
    ["no such file", ["check", "/nowhere/x.yaml"], /^\/nowhere\/x\.yaml does not exist\.\n$/],
    ["a folder", ["check", folder], /is a folder; name the files in it/],
  ])("%s", (_, arguments_, message) => {
    const { code, result, note } = call(arguments_);
    expect({ code, result }).toEqual({ code: 2, result: "" });
    expect(note).toMatch(message);
  });

  it.each([
    ["binary", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0]), "is a binary file"],
    ["another encoding", Uint8Array.from([0xff, 0xfe, 0x61]), "is not text in UTF-8"],
    ["empty", " \n", "is empty"],
    ["too large", Buffer.alloc(9 * 1024 * 1024, "a"), "is larger than 8 MiB"],
  ])("a file that is %s", (name, content, message) => {
    for (const verb of ["check", "draw", "import", "expand", "upgrade"]) {
      expect(call([verb, fileOf(name, content)])).toMatchObject({
        code: 2,
        note: expect.stringContaining(`${name} ${message}`),
      });
    }
  });

  it("help is no wrong use", () => {
    for (const words of [["--help"], ["check", "--help"], ["-h"], ["help"]])
      expect(readCommand(words)).toEqual({ verb: "help" });
  });
});

it("a caret stays below its place in a long line", () => {
  const line = `${"x".repeat(500)}WRONG${"y".repeat(500)}`;
  const place = { line: 1, column: 501, endLine: 1, endColumn: 506 };
  const [part = "", caret = ""] = excerpt({ severity: "error", code: "c", message: "m", path: "", ...place }, [line]);
  expect(part.length).toBeLessThanOrEqual(100);
  expect(part.slice(caret.indexOf("^"), caret.lastIndexOf("^") + 1)).toBe("WRONG");
});

it("runs as a program, in the folder where it was typed", () => {
  fileOf("sound.yaml", SOUND);
  fileOf("broken.yaml", BROKEN);
  const spawned = (...words: string[]) =>
    spawnSync(process.execPath, [join(ROOT, "scripts", "graph.mjs"), ...words], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, npm_lifecycle_event: "graph", INIT_CWD: folder },
    });
  expect(spawned("--help")).toMatchObject({ status: 0, stdout: HELP, stderr: "" });
  expect(spawned("check", "sound.yaml", "broken.yaml")).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^broken\.yaml:4:\d+ error/),
  });
});
