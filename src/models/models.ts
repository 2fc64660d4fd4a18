import { failure } from "../base/errors.ts";
import { ANTHROPIC_URL, createAnthropic } from "./anthropic/provider.ts";
import { BUILTIN_MODELS, builtin } from "./builtin/builtin.ts";
import type { ModelProvider, Models } from "./contract.ts";
import { createOllama } from "./ollama/provider.ts";
import { createOpenAi, OPENAI_URL } from "./openai/provider.ts";

export interface ModelsOptions {
  readonly openai?: { readonly apiKey: string; readonly baseUrl?: string };
  readonly anthropic?: { readonly apiKey: string; readonly baseUrl?: string };
  readonly ollama?: { readonly baseUrl: string; readonly model?: string };
  /** What `default` stands for; without it the first configured provider's usual model, at last `builtin/extractive`. */
  readonly defaultModel?: string;
}

/** A provider this deployment knows: ready to be called, or missing what `remedy` names. */
type Entry =
  | { readonly state: "ready"; readonly provider: ModelProvider; readonly usualModel: string }
  | { readonly state: "missing"; readonly remedy: string };

/** The providers' balanced models of autumn 2026: neither the dearest nor the smallest. */
const USUAL_MODELS = { openai: "gpt-6.1-terra", anthropic: "claude-sonnet-5-5", ollama: "llama3.2" } as const;

export function createModels(options: ModelsOptions): Models {
  const entries = entriesOf(options);
  const standard = options.defaultModel ?? usualReference(entries);
  return { resolve: (reference) => resolve(entries, reference === "default" ? standard : reference) };
}

/**
 * The addresses at which the configured providers are called: what the outgoing function has to be told to allow.
 * A provider that is not configured is not among them.
 */
export function modelOrigins({ openai, anthropic, ollama }: ModelsOptions): readonly string[] {
  return [
    ...(openai ? [openai.baseUrl ?? OPENAI_URL] : []),
    ...(anthropic ? [anthropic.baseUrl ?? ANTHROPIC_URL] : []),
    ...(ollama ? [ollama.baseUrl] : []),
  ];
}

/** In the order in which `default` prefers them. */
function entriesOf({ openai, anthropic, ollama }: ModelsOptions): ReadonlyMap<string, Entry> {
  return new Map<string, Entry>([
    ["openai", openai ? ready(createOpenAi(openai), USUAL_MODELS.openai) : missing("set OPENAI_API_KEY")],
    [
      "anthropic",
      anthropic ? ready(createAnthropic(anthropic), USUAL_MODELS.anthropic) : missing("set ANTHROPIC_API_KEY"),
    ],
    [
      "ollama",
      ollama
        ? ready(createOllama(ollama), ollama.model ?? USUAL_MODELS.ollama)
        : missing("start Ollama and set OLLAMA_BASE_URL, such as http://127.0.0.1:11434"),
    ],
    ["builtin", ready(builtin, "extractive")],
  ]);
}

function ready(provider: ModelProvider, usualModel: string): Entry {
  return { state: "ready", provider, usualModel };
}

function missing(remedy: string): Entry {
  return { state: "missing", remedy };
}

function usualReference(entries: ReadonlyMap<string, Entry>): string {
  for (const [name, entry] of entries) if (entry.state === "ready") return `${name}/${entry.usualModel}`;
  return "builtin/extractive";
}

function resolve(entries: ReadonlyMap<string, Entry>, reference: string): ReturnType<Models["resolve"]> {
  const slash = reference.indexOf("/");
  const name = slash === -1 ? reference : reference.slice(0, slash);
  const model = slash === -1 ? "" : reference.slice(slash + 1);
  const entry = entries.get(name);
  if (entry === undefined || model === "" || (name === "builtin" && !BUILTIN_MODELS.includes(model)))
    throw failure("unknown_model", `There is no model "${reference.slice(0, 100)}"; write ${choices(entries)}.`);
  if (entry.state === "missing")
    throw failure(
      "model_unavailable",
      `The model "${reference}" cannot be called yet: ${entry.remedy}, or use "builtin/extractive".`,
    );
  return { provider: entry.provider, model };
}

function choices(entries: ReadonlyMap<string, Entry>): string {
  const families = [...entries.keys()].filter((name) => name !== "builtin").map((name) => `"${name}/<model>"`);
  const builtins = BUILTIN_MODELS.map((model) => `"builtin/${model}"`);
  return `${[...families, ...builtins].join(", ")} or "default"`;
}
