import { describe, expect, it } from "vitest";
import { findingsOf, found } from "./testing/findings.ts";
import { secretIn } from "./secret-patterns.ts";

/** Put together here, so that no scanner of repositories takes this file for a leak. */
const SECRETS: readonly (readonly [string, string])[] = [
  ["openai", `sk-${"aB3dE5gH7jK9mN1pQ2r"}${"T4vX6zA8cE0gI2k"}`],
  ["openai project", `sk-proj-${"aB3_dE5gH7jK9-mN1pQ2rT4vX6zA8cE0"}`],
  ["anthropic", `sk-ant-api03-${"aB3dE5gH7jK9mN1pQ2rT4vX6zA8cE0gI2k"}-AA`],
  ["github", `ghp_${"aB3dE5gH7jK9mN1pQ2rT4vX6zA8cE0gI2kL4"}`],
  ["github fine-grained", `github_pat_${"11ABCDE3dE5gH7jK9mN1_pQ2rT4vX6zA8cE0gI2kL4"}`],
  ["aws", `AKIA${"QYLPMN5HHHFPZAM2"}`],
  ["google", `AIza${"SyD3f5gH7jK9mN1pQ2rT4vX6zA8cE0gI2kL"}`],
  ["slack", `xoxb-${"204958673012-aB3dE5gH7jK9mN1p"}`],
  ["private key", `-----BEGIN RSA PRIVATE ${"KEY"}-----\nMIIEow`],
  ["private key in one line", `-----BEGIN PRIVATE ${"KEY"}-----\\nMIIEow`],
  [
    "json web token",
    `eyJ${"hbGciOiJIUzI1NiJ9"}.eyJ${"zdWIiOiI0MjQyIiwibmFtZSI6IkFkYSJ9"}.${"TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeF"}`,
  ],
  ["bearer", `Bearer ${"v2.aB3dE5gH7jK9mN1pQ2rT4vX6zA8cE0"}`],
  ["postgres", `postgres://app:${"h4Rd-t0-gUess"}@db.internal:5432/app`],
  ["mongodb", `mongodb+srv://app:${"h4RdToGuess"}@cluster0.mongodb.net`],
];

const ORDINARY = [
  "Answer in one sentence.",
  "You help a newcomer to a software project. Use only the documents you are given.",
  "{{ state.question }}",
  "Bearer {{ params.token }}",
  "Authorization: Bearer <your token here>",
  "A bearer of bad news came at noon.",
  "Bearer authentication-scheme-of-rfc-6750 is explained there",
  "sk-learn-is-not-how-scikit-learn-is-spelled",
  "Set OPENAI_API_KEY=sk-... before you start.",
  "sk-your-key-goes-here-1234567890",
  "AKIAIOSFODNN7EXAMPLE",
  "The prefix AKIA marks access keys of AWS.",
  "ghp_ and github_pat_ are prefixes of tokens.",
  "postgres://localhost:5432/app",
  "postgres://user:password@localhost:5432/app",
  "postgres://{{ vars.user }}:{{ vars.password }}@db/app",
  "https://example.com/a:b@c",
  "https://user@example.com/path",
  "http://localhost:8787/threads/0190f7f2-79b0-7cc3-98c4-dc0c0c07398f/runs",
  "https://api.example.com/v1/chat?at=12:30@noon",
  "Meet at 10:30 with bob@example.com.",
  "mailto:someone@example.com",
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "sha512-9c9d4c1a7d7d2f0b6c5d9b6a4b1b3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c",
  "0190f7f2-79b0-7cc3-98c4-dc0c0c07398f",
  "openai/gpt-5-mini",
  "anthropic/claude-opus-4-5-20251101",
  "state.messages + [{'role': 'user', 'content': state.answer}]",
  'state.documents.map(d, d.title).join(", ")',
  "size(state.answer) > 100 && state.score >= 0.75",
  "Task-force-on-the-risk-of-sky-high-interest-rates",
  "disk-cache-invalidation-2024-strategy-notes",
  "-----BEGIN CERTIFICATE-----\nMIIB",
  "-----BEGIN PUBLIC KEY-----\nMIIB",
  "eyJ is how base64 of a JSON object begins.",
  "The token is in the header; never log it.",
  "Passwords must have 12 characters.",
  "password: see the vault",
  "api_key is missing",
  "x".repeat(5000),
  "sk-".repeat(2000),
  "eyJ.".repeat(2000),
  "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.",
  "日本語のテキストです。短く答えてください。",
  "SELECT * FROM users WHERE id = $1",
  "npm_config_registry is a variable",
  "hf_transfer makes downloads faster",
  "redis://cache:6379/0",
  "amqp://guest@broker/vhost",
  "Use ssh://git@github.com:22/owner/repo",
  "bearer of the ring: frodo.baggins@shire.example",
];

describe("secrets", () => {
  it.each(SECRETS)("finds one of %s, and does not repeat it", (_, secret) => {
    const yaml = graphWith(`Use ${secret} now`);
    expect(found("secret_in_text", yaml)).toEqual(["warning /nodes/a/prompt"]);
    expect(JSON.stringify(findingsOf(yaml))).not.toContain(secret.slice(8, 20));
  });

  it("finds them in variables, defaults, descriptions, keys and inner graphs, and says no key that is one", () => {
    const secret = SECRETS[0]?.[1] ?? "";
    const yaml = `description: ${secret}
channels: { x: { default: ${secret} } }
variables: { a: { b: [1, ${secret}] }, c: { ${secret}: 1 } }
nodes: { a: { kind: transform, set: { x: "json(vars)" } } }
edges: [{ from: start, to: a }]`;
    expect(found("secret_in_text", yaml)).toEqual([
      "warning /description",
      "warning /channels/x/default",
      "warning /variables/a/b/1",
      "warning /variables/c",
    ]);
    expect(JSON.stringify(findingsOf(yaml))).not.toContain(secret.slice(5));
  });

  it("takes at least 50 ordinary texts for what they are", () => {
    expect(ORDINARY.length).toBeGreaterThanOrEqual(50);
    expect(ORDINARY.filter((text) => secretIn(text) !== undefined)).toEqual([]);
  });
});

function graphWith(prompt: string): string {
  return `channels: { x: }
nodes: { a: { kind: model, prompt: ${JSON.stringify(prompt)}, write: x } }
edges: [{ from: start, to: a }]`;
}
