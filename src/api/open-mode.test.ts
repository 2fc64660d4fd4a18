import { expect, it } from "vitest";
import { refusalInOpenMode } from "./open-mode.ts";

const request = (url: string, headers: Record<string, string> = {}) => new Request(url, { headers });

it.each([
  ["http://localhost:8787/", {}],
  ["http://127.0.0.1:8787/", {}],
  ["http://127.9.8.7/", { origin: "http://localhost:3000" }],
  ["http://[::1]:8787/", { origin: "http://[::1]" }],
  ["http://2130706433/", {}],
])("an open server answers %s %j", (url, headers) => {
  expect(refusalInOpenMode(request(url, headers))).toBeUndefined();
});

it.each([
  ["http://192.168.0.7:8787/", {}],
  ["http://0.0.0.0/", {}],
  ["http://localhost.evil.example/", {}],
  ["http://evil.example/", {}],
  ["http://127.0.0.1.evil.example/", {}],
  ["http://[::ffff:127.0.0.1]/", {}],
  ["http://localhost/", { origin: "https://evil.example" }],
  ["http://localhost/", { origin: "http://localhost.evil.example" }],
  ["http://localhost/", { origin: "http://evil.example/localhost" }],
  ["http://localhost/", { origin: "null" }],
  ["http://localhost/", { origin: "" }],
  ["http://localhost/", { "sec-fetch-site": "cross-site" }],
])("an open server refuses %s %j", (url, headers) => {
  expect(refusalInOpenMode(request(url, headers))).toMatch(/open/);
});

it("a rebound name is refused by the Host header, whatever the URL", () => {
  // Node's Request drops `host`; workerd's keeps it.
  const rebound = { url: "http://localhost/", headers: new Headers({ host: "evil.example:80" }) };
  expect(refusalInOpenMode(rebound as Request)).toMatch(/open/);
});
