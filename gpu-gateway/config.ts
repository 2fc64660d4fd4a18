import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";

/** The gateway's one file: YAML, checked whole, every problem told at once with its line. */

/** `500ms`, `30s`, `5m`, `1h`, to milliseconds. */
const Duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, "must be a duration such as 500ms, 30s, 5m or 1h")
  .transform((text) => {
    const [, number = "0", , unit = "ms"] = /^(\d+(\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
    return Number(number) * ({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 1);
  });
const Name = z.string().regex(/^[\w.-]{1,64}$/, "must have 1 to 64 letters, digits, dots, hyphens and underscores");
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 hexadecimal digits");
const EnvName = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, "must name a variable of the environment");
const Patterns = z.array(z.string().min(1).max(200)).min(1);

export const HOST_KINDS = ["openai", "anthropic", "vllm", "llama.cpp", "ollama"] as const;
export type HostKind = (typeof HOST_KINDS)[number];

const Key = z.strictObject({
  name: Name,
  tenant: Name,
  /** Of the key; the key itself stands nowhere. `npm run gateway -- key` makes both. */
  sha256: Sha256,
  /** Models it may name; `*` stands for any characters. */
  models: Patterns.default(["*"]),
  weight: z.number().positive().max(1_000).default(1),
  /** May ask for the administrative routes. */
  admin: z.boolean().default(false),
});

const Host = z.strictObject({
  name: Name,
  url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }),
  kind: z.enum(HOST_KINDS),
  /** Requests that it is given at once. */
  slots: z.int().min(1).max(10_000).default(4),
  /** Models that fit into its memory at once, where it loads them on demand (Ollama). */
  holds: z.int().min(1).max(1_000).default(1),
  /** What it offers; left out: what it says it does. */
  models: z.array(z.string().min(1).max(200)).min(1).optional(),
  /** Its own key. */
  key_env: EnvName.optional(),
  weight: z.number().positive().max(1_000).default(1),
  /** Only when the others are full or gone. */
  spill_over: z.boolean().default(false),
});

export const GatewayFile = z.strictObject({
  listen: z
    .strictObject({ host: z.string().default("127.0.0.1"), port: z.int().min(0).max(65_535).default(8787) })
    .prefault({}),
  keys: z.array(Key).default([]),
  hosts: z.array(Host).min(1, "needs one host at least"),
  /** Other names for models: what a client asks for, to what hosts call it. */
  aliases: z.record(z.string().min(1).max(200), z.string().min(1).max(200)).default({}),
  /** What a model is always run with: options that differ from request to request would make an Ollama load it anew. */
  pinned: z
    .record(z.string().min(1).max(200), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
    .default({}),
  queue: z
    .strictObject({
      /** Requests that wait for one model. */
      most: z.int().min(0).max(100_000).default(256),
      /** How long one waits. */
      patience: Duration.prefault("30s"),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      connect: Duration.prefault("2s"),
      /** A model into a host's memory. */
      load: Duration.prefault("5m"),
      /** From the request to the first byte of the answer. */
      first_byte: Duration.prefault("60s"),
      /** Between two pieces of an answer. */
      idle: Duration.prefault("60s"),
      total: Duration.prefault("15m"),
    })
    .prefault({}),
  limits: z
    .strictObject({
      body_bytes: z
        .int()
        .min(1_024)
        .max(512 * 1024 * 1024)
        .default(32 * 1024 * 1024),
    })
    .prefault({}),
  probe: z.strictObject({ every: Duration.prefault("5s") }).prefault({}),
});
export type GatewayConfig = z.output<typeof GatewayFile>;
export type HostConfig = GatewayConfig["hosts"][number];
export type KeyConfig = GatewayConfig["keys"][number];

/** What is wrong with a file, each with its line where it has one. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(`${file} cannot be used:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** @throws ConfigError with every problem */
export function readGatewayFile(path: string, env: NodeJS.ProcessEnv): GatewayConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw new ConfigError(path, [thrown instanceof Error ? thrown.message : String(thrown)]);
  }
  return parseGatewayFile(text, path, env);
}

/** @throws ConfigError with every problem */
export function parseGatewayFile(text: string, path: string, env: NodeJS.ProcessEnv): GatewayConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0)
    throw new ConfigError(
      path,
      document.errors.map(({ message }) => message),
    );
  const lineOf = (place: readonly PropertyKey[]): string => {
    for (let depth = place.length; depth > 0; depth--) {
      const node: unknown = document.getIn(place.slice(0, depth), true);
      if (isRanged(node)) return `line ${lines.linePos(node.range[0]).line}: `;
    }
    return "";
  };
  const read = GatewayFile.safeParse(document.toJS() ?? {});
  const problems: string[] = [];
  if (!read.success) {
    for (const issue of read.error.issues) {
      const unknown = issue.code === "unrecognized_keys" ? ` (${issue.keys.join(", ")})` : "";
      problems.push(`${lineOf(issue.path)}${issue.path.join(".") || "the file"}: ${issue.message}${unknown}`);
    }
    throw new ConfigError(path, problems);
  }
  problems.push(...contradictions(read.data, env, lineOf));
  if (problems.length > 0) throw new ConfigError(path, problems);
  return read.data;
}

/** What each part allows and the whole does not. */
function contradictions(
  { keys, hosts, listen }: GatewayConfig,
  env: NodeJS.ProcessEnv,
  lineOf: (place: readonly PropertyKey[]) => string,
): string[] {
  const problems: string[] = [];
  for (const [part, list] of [
    ["hosts", hosts],
    ["keys", keys],
  ] as const) {
    const names = new Set<string>();
    for (const [index, { name }] of list.entries()) {
      if (names.has(name))
        problems.push(`${lineOf([part, index, "name"])}${part}.${index}.name: "${name}" is there twice`);
      names.add(name);
    }
  }
  for (const [index, { key_env: variable }] of hosts.entries())
    if (variable !== undefined && !env[variable])
      problems.push(
        `${lineOf(["hosts", index, "key_env"])}hosts.${index}.key_env: ${variable} is not set in the environment`,
      );
  if (keys.length === 0 && !isLoopback(listen.host))
    problems.push(
      `${lineOf(["listen"])}keys: without a key everybody who reaches ${listen.host} may use the hosts; add one, or listen on 127.0.0.1`,
    );
  return problems;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function isRanged(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}

/** Whether a name is among patterns in which `*` stands for any characters. */
export function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    if (!pattern.includes("*")) return pattern === name;
    const parts = pattern.split("*");
    const [first = "", last = ""] = [parts[0], parts.at(-1)];
    if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= name.length - last.length;
  });
}
