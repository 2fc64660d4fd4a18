import { describe, expect, it } from "vitest";
import { isJsonObject } from "../../base/json.ts";
import type { JsonObject } from "../../base/json.ts";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";
import { FORMAT } from "../schema.ts";
import { UPGRADES, upgradeDocument, upgradeText } from "./upgrade.ts";
import type { Upgrade } from "./upgrade.ts";

/** Formats that never were: 2 calls the id `name`, 3 has a list of channels. */
const CHAIN: readonly Upgrade[] = [
  {
    from: 1,
    to: 2,
    says: "id is called name",
    apply: (document) =>
      Object.fromEntries(Object.entries(document).map(([key, value]) => [key === "id" ? "name" : key, value])),
  },
  {
    from: 2,
    to: 3,
    says: "channels are a list",
    apply: (document) => {
      const channels = document["channels"];
      return isJsonObject(channels) ? { ...document, channels: Object.keys(channels) } : document;
    },
  },
];

function upgraded(document: JsonObject, chain = CHAIN) {
  const result = upgradeDocument(document, chain);
  return "problem" in result
    ? result.problem.code
    : { ...result, applied: result.applied.map(({ from, to }) => [from, to]) };
}

describe("a document of an older format", () => {
  it("goes through every step from its own to the newest", () => {
    const newest = { edgewise: 3, name: "g", channels: ["a"] };
    expect(upgraded({ edgewise: 1, id: "g", channels: { a: null } })).toEqual({
      document: newest,
      applied: [
        [1, 2],
        [2, 3],
      ],
    });
    expect(upgraded({ edgewise: 2, name: "g", channels: { a: null } })).toEqual({
      document: newest,
      applied: [[2, 3]],
    });
    expect(upgraded(newest)).toEqual({ document: newest, applied: [] });
  });

  it("says what was done to it", () => {
    const result = upgradeDocument({ edgewise: 1 }, CHAIN);
    expect("applied" in result && result.applied.map(({ says }) => says)).toEqual([
      "id is called name",
      "channels are a list",
    ]);
  });

  it("keeps the bytes of its text that no step changes", () => {
    const text =
      "# of the week\nedgewise: 1 # old\nid: 'g' # a name\n\nchannels: # two\n  a: { default: 1 }\n  b:\nmore: [ x,y ] # kept\n";
    const result = upgradeText(text, "yaml", CHAIN);
    expect("text" in result && result.text).toBe(
      "# of the week\nedgewise: 3 # old\nname: 'g' # a name\n\nchannels: # two\n  - a\n  - b\nmore: [ x,y ] # kept\n",
    );
    expect(upgradeText('{"edgewise":2,"x": 1}', "json", CHAIN)).toMatchObject({ text: '{"edgewise":3,"x": 1}' });
  });

  it("is a problem where a step breaks on it, not a crash", () => {
    const broken: Upgrade = {
      from: 1,
      to: 2,
      says: "",
      apply: () => {
        throw new TypeError("no");
      },
    };
    expect(upgraded({ edgewise: 1 }, [broken])).toBe("upgrade_failed");
  });
});

describe("a document of a format that is not known", () => {
  it("is one problem, which says what is known and what to do", () => {
    const result = compileGraph({ text: "id: g\nedgewise: 7\nchanels: {}\n", type: "yaml" }, nodeKinds);
    expect(result.ok ? [] : result.problems).toEqual([
      expect.objectContaining({
        code: "newer_format",
        path: "/edgewise",
        line: 2,
        message: "This document is of format 7; this deployment knows format 1.",
        hint: "Update Edgewise, or write the document in format 1.",
      }),
    ]);
    expect(upgraded({ edgewise: 4 })).toBe("newer_format");
  });

  it.each([
    [undefined, "missing"],
    ["1", "invalid_value"],
    [0, "invalid_value"],
    [1.5, "invalid_value"],
    [null, "invalid_value"],
  ] as const)("with the version %j keeps its own problem", (version, code) => {
    const document = { ...(version === undefined ? {} : { edgewise: version }), id: "g", nodes: {}, edges: [] };
    const result = compileGraph({ document }, nodeKinds);
    expect(result.ok ? [] : result.problems.map((problem) => [problem.code, problem.path])).toContainEqual([
      code,
      "/edgewise",
    ]);
    expect(upgradeDocument(document, CHAIN)).toEqual({ document, applied: [] });
  });
});

it("the shipped chain leads, without a gap, from format 1 to the newest", () => {
  let version = 1;
  for (const { from, to } of UPGRADES) {
    expect([from, to]).toEqual([version, version + 1]);
    version = to;
  }
  expect(version).toBe(FORMAT);
});
