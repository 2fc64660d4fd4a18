import { expect, it } from "vitest";
import { configurableHeaders } from "./configurable-headers.ts";

const taken = (headers: Record<string, string>) => configurableHeaders(new Headers(headers));

it("takes x-* and user-agent, by their names in lower case", () => {
  const headers = { "X-Configurable-Header": "extra-client", "User-Agent": "node", accept: "a", "content-type": "b" };
  expect(taken(headers)).toEqual({ "x-configurable-header": "extra-client", "user-agent": "node" });
});

it.each([
  "x-api-key",
  "x-tenant-id",
  "x-service-key",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
  "x-amzn-trace-id",
  "x-auth-token",
  "x-csrf-token",
  "x-webhook-signature",
  "x-openai-api-key",
  "x-session",
  "x-apikey",
  "x-api_key",
  "x-authtoken",
  "x-api-key-2",
  "x-hub-signature-256",
  "x-goog-iap-jwt-assertion",
  "x-access-token-v2",
  "x-passwd",
  "authorization",
  "cookie",
  "proxy-authorization",
])("leaves %s out", (name) => {
  expect(taken({ [name]: "secret", "x-kept": "1" })).toEqual({ "x-kept": "1" });
});

it.each([
  ["x-upstream", "Bearer abc"],
  ["x-identity", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"],
])("leaves out what looks like a secret, whatever it is called (%s)", (name, value) => {
  expect(taken({ [name]: value, "x-kept": "1" })).toEqual({ "x-kept": "1" });
});

it.each(["x-configurable-header", "x-keyboard", "x-author", "x-passage", "x-team-id", "x-user-id"])(
  "takes %s",
  (name) => {
    expect(taken({ [name]: "some text" })).toEqual({ [name]: "some text" });
  },
);

it("leaves out what is very long, and more than fifty", () => {
  expect(taken({ "x-long": "a".repeat(4_097), "x-short": "a" })).toEqual({ "x-short": "a" });
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-n${index}`, "1"]));
  expect(Object.keys(taken(many))).toHaveLength(50);
});
