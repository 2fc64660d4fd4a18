import { describe, expect, it } from "vitest";
import { type Import, importsOf, readSource, sourceFiles } from "./sources.ts";

/** The design's table of boundaries: what a part may import, besides itself. */
const CAPABILITIES = ["models", "tools", "memory", "cache", "security", "telemetry", "storage"] as const;
const CORE = ["base", "graph", "engine"] as const;
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  base: [],
  graph: ["base"],
  engine: ["base", "graph"],
  ...Object.fromEntries(CAPABILITIES.map((part) => [part, CORE])),
  nodes: [...CORE, ...CAPABILITIES],
  builder: [...CORE, ...CAPABILITIES, "nodes"],
  "durable-objects": [...CORE, ...CAPABILITIES, "nodes", "config"],
  // Of the objects the API sees their RPC surface alone.
  api: [...CORE, ...CAPABILITIES, "nodes", "config"],
  config: ["base", "models"],
  queues: [...CORE, ...CAPABILITIES, "config", "api"],
  sweep: [...CORE, ...CAPABILITIES, "config", "api"],
  version: [],
};
const RPC_SURFACE = new Set(["durable-objects/thread-api.ts", "durable-objects/scheduler-api.ts"]);
/** Wiring: these may know everything. */
const WIRING = new Set(["src/worker.ts", "src/index.ts", "src/edgewise.ts", "src/authoring.ts"]);
/** Nothing that asks for time, chance or the outside may be imported here. */
const PURE = ["src/graph/", "src/engine/"];

function partOf(path: string): string {
  if (path.startsWith("durable-objects/")) return "durable-objects";
  return path.split("/")[1]?.replace(/\.ts$/, "") ?? "";
}

const isCapability = (part: string) => CAPABILITIES.some((name) => name === part);

function isAllowed(from: string, { target, isType }: Import): boolean {
  const [part, other] = [partOf(from), partOf(target)];
  if (part === other || WIRING.has(from)) return true;
  if (RPC_SURFACE.has(target) && (part === "api" || part === "sweep")) return true;
  // Capabilities know each other's types, sparingly; the encoding of tenants exists once.
  if (isCapability(part) && isCapability(other)) return isType || target === "src/security/tenant.ts";
  return other === "version" || MAY_KNOW[part]?.includes(other) === true;
}

/** Beside the tests: what only they use, the naive engine that the real one is compared with among it. */
const isTest = (path: string) => /\.test\.ts$|\/testing\/|^src\/engine\/reference\.ts$/.test(path);
const product = sourceFiles("src", "durable-objects");
const shipped = product.filter((path) => !isTest(path));

describe("imports point one way", () => {
  it.each(shipped)("%s imports only what its part may know", (path) => {
    const ours = importsOf(path).filter(({ isOurs }) => isOurs);
    expect(ours.filter((found) => !isAllowed(path, found)).map(({ target }) => target)).toEqual([]);
  });

  it("the product imports no test and nothing from outside itself", () => {
    const ours = shipped.flatMap((path) => importsOf(path).filter(({ isOurs }) => isOurs));
    const strays = ours.filter(({ target }) => isTest(target) || !/^(src|durable-objects)\//.test(target));
    expect(strays).toEqual([]);
  });

  it("every part of src has a row in the table", () => {
    const parts = new Set(shipped.filter((path) => !WIRING.has(path)).map(partOf));
    expect([...parts].filter((part) => !(part in MAY_KNOW))).toEqual([]);
  });

  it("graph and engine import no platform", () => {
    const pure = shipped.filter((path) => PURE.some((folder) => path.startsWith(folder)));
    expect(pure.flatMap(importsOf).filter(({ target }) => /^(node:|cloudflare:)/.test(target))).toEqual([]);
  });
});

describe("the tree is the architecture", () => {
  it("an index.ts stands only at the library's door", () => {
    expect(product.filter((path) => path.endsWith("/index.ts") && path !== "src/index.ts")).toEqual([]);
  });

  it("nothing has a default export the platform does not ask for, or an export *", () => {
    const forbidden = (path: string) => (path === "src/worker.ts" ? /^export \*/m : /^export (?:\*|default)/m);
    expect(shipped.filter((path) => forbidden(path).test(readSource(path)))).toEqual([]);
  });

  it("only the one outgoing function calls the global fetch", () => {
    const others = shipped.filter((path) => !path.startsWith("src/security/egress"));
    expect(others.filter((path) => GLOBAL_FETCH.test(codeOf(path)))).toEqual([]);
  });

  it("a file stops at 400 lines", () => {
    const files = [...product, ...sourceFiles("scripts", "test", "bench")];
    expect(files.filter((path) => linesOf(path) > 400)).toEqual([]);
  });

  it("half of the files have at most 100 lines", () => {
    const lengths = shipped.map(linesOf).sort((one, other) => one - other);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(100);
  });

  it("no file is called after nothing in particular", () => {
    expect(product.filter((path) => /\/(utils?|helpers?|misc|common|part\d+)(\.test)?\.ts$/.test(path))).toEqual([]);
  });
});

/** A call, or a reference handed on; not a property, a method's definition or a type. */
const GLOBAL_FETCH = /\bglobalThis\.fetch\b|(?<![\w.]|async |typeof )fetch\((?!request: Request)/;

function linesOf(path: string): number {
  return readSource(path).trimEnd().split("\n").length;
}

/** Without comments and strings, so that a sentence about fetch() or a page's own script is no call. */
function codeOf(path: string): string {
  return readSource(path)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/`(?:\\.|[^\\`])*`/g, "``")
    .replace(/(["'])(?:\\.|(?!\1).)*\1/g, '""')
    .replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, "");
}
