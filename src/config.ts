import { z } from "zod";
import { failure } from "./base/errors.ts";

/** What the platform binds. `wrangler.toml` declares it; {@link readConfig} is the only reader. */
export interface Env {
  readonly THREADS: DurableObjectNamespace;
  /** Crons and webhooks. */
  readonly SCHEDULER: DurableObjectNamespace;
  readonly DB: D1Database;
  /** The queue `edgewise-wake`; a deployment without queues works by alarms and the sweep. */
  readonly WAKE?: Queue;
  readonly OPENAI_API_KEY?: string;
  readonly OPENAI_BASE_URL?: string;
  readonly ANTHROPIC_API_KEY?: string;
  readonly ANTHROPIC_BASE_URL?: string;
  readonly OLLAMA_BASE_URL?: string;
  readonly EDGEWISE_MODEL?: string;
  readonly EDGEWISE_OPEN?: string;
  readonly EDGEWISE_OPEN_NONCE?: string;
  readonly EDGEWISE_DECLARED_ORIGINS?: string;
  readonly EDGEWISE_TEST?: string;
}

/** Everything the outside decides, checked. An absent member means: not configured. */
export interface Config {
  readonly threads: DurableObjectNamespace;
  readonly schedulers: DurableObjectNamespace;
  readonly database: D1Database;
  readonly wakes?: Queue;
  /** As `createModels` takes it. */
  readonly models: {
    readonly openai?: { readonly apiKey: string; readonly baseUrl?: string };
    readonly anthropic?: { readonly apiKey: string; readonly baseUrl?: string };
    readonly ollama?: { readonly baseUrl: string };
    /** The reference that `default` stands for, if the operator chose one. */
    readonly defaultModel?: string;
  };
  /** Requests from loopback need no key: a development server. */
  readonly open: boolean;
  /** Tests of clients run against this server: whoever has a key may empty what is its tenant's. */
  readonly testing: boolean;
  /** Origins that outgoing calls may reach although they are private. */
  readonly declaredOrigins: readonly string[];
}

/** An empty variable is an absent one: that is how a shell or a dashboard unsets it. */
const optional = (schema: z.ZodType<string, string>) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
const secret = optional(z.string());
const httpUrl = optional(
  z.string().refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""), "must be an http or https URL"),
);
const binding = <T>(what: string, method: string) =>
  z.custom<T>(
    (value) => typeof value === "object" && value !== null && method in value,
    `must be bound to ${what} (see wrangler.toml)`,
  );
const nonce = z.string().regex(/^[0-9a-f]{32,}$/i, "must be at least 32 hexadecimal characters");

const Variables = z
  .object({
    THREADS: binding<DurableObjectNamespace>("the Durable Object class Thread", "idFromName"),
    SCHEDULER: binding<DurableObjectNamespace>("the Durable Object class Scheduler", "idFromName"),
    DB: binding<D1Database>("a D1 database", "prepare"),
    WAKE: binding<Queue>("a queue", "send").optional(),
    OPENAI_API_KEY: secret,
    OPENAI_BASE_URL: httpUrl,
    ANTHROPIC_API_KEY: secret,
    ANTHROPIC_BASE_URL: httpUrl,
    OLLAMA_BASE_URL: httpUrl,
    EDGEWISE_MODEL: optional(
      z.string().regex(/^[a-z0-9-]+\/\S+$/, 'must be a model reference such as "openai/gpt-5-mini"'),
    ),
    EDGEWISE_OPEN: optional(z.enum(["0", "1"], 'must be "1", "0" or absent')),
    EDGEWISE_OPEN_NONCE: optional(nonce),
    EDGEWISE_DECLARED_ORIGINS: optional(z.string()),
    EDGEWISE_TEST: optional(z.enum(["0", "1"], 'must be "1", "0" or absent')),
  })
  .superRefine((variables, context) => {
    if (variables.EDGEWISE_OPEN === "1" && variables.EDGEWISE_OPEN_NONCE === undefined) {
      const message = "opens the server to everybody who reaches it; only `npm start` may set it, on loopback";
      context.addIssue({ code: "custom", path: ["EDGEWISE_OPEN"], message });
    }
    for (const origin of splitList(variables.EDGEWISE_DECLARED_ORIGINS)) {
      if (originOf(origin) === undefined) {
        const message = `"${origin}" is no origin such as http://gateway.internal:8080`;
        context.addIssue({ code: "custom", path: ["EDGEWISE_DECLARED_ORIGINS"], message });
      }
    }
  });

const known = new WeakMap<object, Config>();

/**
 * Reads the environment once per isolate; behind it nobody asks for a default.
 * @throws EdgewiseError `misconfigured`, naming every fault at once and no value of a secret.
 */
export function readConfig(env: object): Config {
  const config = known.get(env) ?? parseConfig(env);
  known.set(env, config);
  return config;
}

function parseConfig(env: object): Config {
  const parsed = Variables.safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw failure("misconfigured", `This server is misconfigured: ${faults.join("; ")}.`, { details: faults });
  }
  const variables = parsed.data;
  return {
    threads: variables.THREADS,
    schedulers: variables.SCHEDULER,
    database: variables.DB,
    ...(variables.WAKE === undefined ? {} : { wakes: variables.WAKE }),
    models: modelsOf(variables),
    open: variables.EDGEWISE_OPEN === "1",
    testing: variables.EDGEWISE_TEST === "1",
    declaredOrigins: splitList(variables.EDGEWISE_DECLARED_ORIGINS).flatMap((text) => originOf(text) ?? []),
  };
}

function modelsOf(variables: z.output<typeof Variables>): Config["models"] {
  return {
    ...withKey("openai", variables.OPENAI_API_KEY, variables.OPENAI_BASE_URL),
    ...withKey("anthropic", variables.ANTHROPIC_API_KEY, variables.ANTHROPIC_BASE_URL),
    ...(variables.OLLAMA_BASE_URL === undefined ? {} : { ollama: { baseUrl: variables.OLLAMA_BASE_URL } }),
    ...(variables.EDGEWISE_MODEL === undefined ? {} : { defaultModel: variables.EDGEWISE_MODEL }),
  };
}

function withKey(provider: "openai" | "anthropic", apiKey: string | undefined, baseUrl: string | undefined) {
  return apiKey === undefined ? {} : { [provider]: { apiKey, ...(baseUrl === undefined ? {} : { baseUrl }) } };
}

function splitList(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").flatMap((entry) => entry.trim() || []);
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && /^https?:\/\/[^/?#@]+\/?$/i.test(text)
    ? url.origin
    : undefined;
}
