import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readOptions } from "./options.ts";

const read = (arguments_: string[], environment: Record<string, string> = {}) =>
  readOptions(arguments_, environment, "/repository");

it("without anything said, port 8787, the state in .edgewise, a key needed, and the example runs", () => {
  expect(read([])).toEqual({
    help: false,
    once: false,
    job: true,
    port: 8787,
    state: "/repository/.edgewise",
    open: false,
  });
});

it("an empty variable counts as none", () => {
  expect(read([], { PORT: "", EDGEWISE_STATE: "", EDGEWISE_OPEN: "" })).toEqual(read([]));
});

it.each(["-1", "65536", "8787x", "1e3", " 80"])("PORT=%s is refused", (port) => {
  expect(() => read([], { PORT: port })).toThrow(`PORT is "${port}"`);
});

it("says what it does not know", () => {
  expect(() => read(["--ones"])).toThrow("Unknown option '--ones'. `npm start -- --help` lists the options.");
  expect(() => read(["extra"])).toThrow("Unexpected argument 'extra'");
  expect(() => read([], { EDGEWISE_OPEN: "true" })).toThrow('EDGEWISE_OPEN is "true"; set it to 1, or leave it away.');
});

it("takes the module of a Worker, which must be there", () => {
  const worker = fileURLToPath(import.meta.url);
  expect(read(["--worker", worker])).toMatchObject({ worker });
  expect(() => read(["--worker", "away.ts"])).toThrow('--worker is "away.ts"; there is no such file.');
});
