import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

function examples(): readonly (readonly [name: string, text: string])[] {
  const files = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" });
  return [
    ...files
      .filter((name) => /graph\.ya?ml$/.test(name))
      .map((name) => [name, readFileSync(join(ROOT, "examples", name), "utf8")] as const),
    ...[...nodeKinds.values()].flatMap(({ kind, example }) =>
      example === undefined ? [] : [[kind, example] as const],
    ),
  ];
}

it.each(examples())("what we show as an example gives no warning: %s", (_, text) => {
  const result = compileGraph({ text, type: "yaml" }, nodeKinds);
  expect(result.ok ? result.warnings : result.problems).toEqual([]);
});
