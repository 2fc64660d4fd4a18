import { describe, expect, it } from "vitest";
import { ConfigError, matches, parseGatewayFile } from "./config.ts";

const SMALL = "hosts:\n  - { name: a, url: http://127.0.0.1:9100, kind: openai }\n";

function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parseGatewayFile(text, "gateway.yaml", env);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
  return [];
}

describe("the gateway's file", () => {
  it("needs a host and nothing else", () => {
    const config = parseGatewayFile(SMALL, "gateway.yaml", {});
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 8787 });
    expect(config.hosts[0]).toMatchObject({ slots: 4, weight: 1, spill_over: false });
    expect(config.queue).toEqual({ most: 256, patience: 30_000 });
    expect(config.timeouts).toEqual({
      connect: 2_000,
      load: 300_000,
      first_byte: 60_000,
      idle: 60_000,
      total: 900_000,
    });
  });

  it("tells every problem at once, with its line", () => {
    const text = "hosts:\n  - name: a b\n    url: ftp://x\n    kind: openai\nqueue:\n  patience: soon\n  colour: red\n";
    const problems = problemsOf(text);
    expect(problems).toHaveLength(4);
    expect(problems.join("\n")).toMatch(/line 2: hosts\.0\.name: .*\n.*line 3: hosts\.0\.url: .*http or https.*/);
    expect(problems.join("\n")).toMatch(/line 6: queue\.patience: must be a duration/);
    expect(problems.join("\n")).toMatch(/colour/);
  });

  it("says what is no YAML, and what is not there", () => {
    expect(problemsOf("hosts: [")).toHaveLength(1);
    expect(problemsOf("")[0]).toMatch(/hosts/);
  });

  it("refuses doubled names, variables that are not set, and an open door without a key", () => {
    const text =
      "listen: { host: 0.0.0.0 }\nhosts:\n  - { name: a, url: http://h, kind: vllm }\n  - { name: a, url: http://h, kind: vllm, key_env: NOT_SET }\n";
    expect(problemsOf(text)).toEqual([
      'line 4: hosts.1.name: "a" is there twice',
      "line 4: hosts.1.key_env: NOT_SET is not set in the environment",
      expect.stringMatching(/^line 1: keys: without a key/),
    ]);
    expect(
      problemsOf(text.replace("name: a, url: http://h, kind: vllm, key", "name: b, url: http://h, kind: vllm, key"), {
        NOT_SET: "x",
      }),
    ).toHaveLength(1);
  });

  it("matches names by patterns", () => {
    expect(matches(["llama*"], "llama3:8b")).toBe(true);
    expect(matches(["*:8b"], "llama3:8b")).toBe(true);
    expect(matches(["l*3*b"], "llama3:8b")).toBe(true);
    expect(matches(["l*3*b"], "llama:8b")).toBe(false);
    expect(matches(["qwen", "*"], "anything")).toBe(true);
    expect(matches(["aba*ba"], "aba")).toBe(false);
  });
});
