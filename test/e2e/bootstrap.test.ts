import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../sources.ts";

// A clone with nothing installed. The npm in it is a stand-in that does what a real one would have done.

let clone = "";
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "edgewise-clone-"));
  for (const path of ["package.json", "package-lock.json", "scripts"]) {
    cpSync(join(ROOT, path), join(clone, path), { recursive: true });
  }
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** `npm` becomes this script; it runs in the clone. */
function start(npm: string, script = "start") {
  const path = join(clone, "npm/npm-cli.js");
  mkdirSync(join(clone, "npm"), { recursive: true });
  writeFileSync(join(clone, "npm/package.json"), '{ "type": "commonjs" }');
  writeFileSync(path, npm);
  const environment = { PATH: process.env["PATH"], HOME: clone, npm_execpath: path };
  const result = spawnSync(process.execPath, [join(clone, "scripts", `${script}.mjs`), "--help"], {
    cwd: clone,
    env: environment,
    encoding: "utf8",
  });
  return { code: result.status, output: result.stdout + result.stderr };
}

const INSTALLS = `
  const { cpSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
  mkdirSync("node_modules", { recursive: true });
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: lock.packages }));
`;

describe("the first script of a fresh clone", () => {
  it("runs `npm ci` and says in one line that it does, not what npm says", () => {
    const { output } = start(`console.log("npm noise", process.argv.slice(2).join(" ")); process.exit(1);`);
    expect(output).toMatch(/^Installing dependencies .* … failed$/m);
    expect(output).not.toContain("npm noise");
  });

  it.each(["start", "test", "evidence", "run", "key"])(
    "%s names the log of an install that failed, and ends with 1",
    (script) => {
      const { code, output } = start(`console.log("npm noise"); process.exit(7);`, script);
      expect(code).toBe(1);
      const log = join(clone, ".edgewise/install.log");
      expect(output).toContain(`npm ci failed (7); npm's own words are in ${log}`);
      expect(readFileSync(log, "utf8")).toContain("npm noise");
    },
  );

  it("names ignored install scripts when the pinned Node is missing", () => {
    const { code, output } = start(INSTALLS);
    expect(code).toBe(1);
    expect(output).toContain("npm config get ignore-scripts");
    expect(output).toContain("npm ci --ignore-scripts=false");
    expect(output).toContain("allowScripts");
    expect(output).not.toMatch(/^ +at /m);
  });

  it("runs on the pinned Node, and installs again only when the lockfile asks for something else", () => {
    const node = join(clone, "node_modules/node/bin/node");
    const installs = `${INSTALLS}
      mkdirSync("node_modules/node/bin", { recursive: true });
      cpSync(${JSON.stringify(join(ROOT, "node_modules/node/bin/node"))}, "node_modules/node/bin/node");
      writeFileSync("installs", "1", { flag: "a" });`;
    // What runs on it is not the point here.
    mkdirSync(join(clone, "scripts/local"), { recursive: true });
    writeFileSync(join(clone, "scripts/local/main.ts"), "console.log('on', process.execPath);");
    expect(start(installs)).toMatchObject({ code: 0, output: expect.stringContaining(`on ${node}`) });
    expect(start(installs)).toMatchObject({ code: 0, output: `on ${node}\n` });
    expect(readFileSync(join(clone, "installs"), "utf8")).toBe("1");

    const lock = join(clone, "package-lock.json");
    writeFileSync(lock, readFileSync(lock, "utf8").replace('"version": "4.13.19"', '"version": "4.13.18"'));
    start(installs);
    expect(readFileSync(join(clone, "installs"), "utf8")).toBe("11");
  });

  it("installs again after an install that was cut off", () => {
    mkdirSync(join(clone, "node_modules/hono"), { recursive: true });
    const { output } = start(INSTALLS);
    expect(output).toContain("Installing dependencies");
    expect(existsSync(join(clone, "node_modules/.edgewise-installed"))).toBe(true);
  });

  it("is plain JavaScript that any Node from 20 on can read", () => {
    const files = execFileSync("sh", ["-c", "ls scripts/*.mjs scripts/bootstrap/*"], { cwd: ROOT, encoding: "utf8" });
    expect(
      files
        .trim()
        .split("\n")
        .filter((file) => !file.endsWith(".mjs")),
    ).toEqual([]);
  });
});
