/** Which model the Worker's `default` will be, and what the person should know of it. */
export interface ModelChoice {
  readonly reference: string;
  readonly explanation: readonly string[];
  /** How many bytes of documents the example may send it: a context costs money, or does not fit. */
  readonly sourceBytes: number;
  readonly variables: Readonly<Record<string, string>>;
}

/** Handed through to the Worker as they are, if set. */
const PASSED = [
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
  "OLLAMA_BASE_URL",
  "EDGEWISE_MODEL",
  "EDGEWISE_DECLARED_ORIGINS",
  "EDGEWISE_TEST",
];
const OLLAMA = "http://127.0.0.1:11434";
const OLLAMA_PATIENCE_MS = 300;

const BUILTIN_BYTES = 200_000;
const PROVIDER_BYTES = 60_000;
const OLLAMA_BYTES = 12_000;

const EXTRACTIVE = [
  "Not a language model: it ranks and quotes sentences of the text it is given. Deterministic, offline, free.",
  "With OPENAI_API_KEY or ANTHROPIC_API_KEY set, or Ollama running, the same graph runs on that.",
];

/** The operator's choice, a provider with a key, an Ollama nearby, or the embedded model: the first there is. */
export async function chooseModel(environment: NodeJS.ProcessEnv): Promise<ModelChoice> {
  const passed: Record<string, string> = {};
  for (const name of PASSED) {
    const value = environment[name];
    if (value !== undefined && value !== "") passed[name] = value;
  }
  const choice = (reference: string, explanation: readonly string[], sourceBytes: number, more = {}): ModelChoice => ({
    reference,
    explanation,
    sourceBytes,
    variables: { ...passed, ...more },
  });
  const wanted = passed["EDGEWISE_MODEL"];
  if (wanted !== undefined) return choice(wanted, ["EDGEWISE_MODEL says so."], bytesFor(wanted));
  for (const provider of ["openai", "anthropic"] as const) {
    const variable = `${provider.toUpperCase()}_API_KEY`;
    if (passed[variable] === undefined) continue;
    const explanation = `${variable} is set; a run costs money. EDGEWISE_MODEL=${provider}/… takes another model.`;
    return choice(await usualModel(provider), [explanation], PROVIDER_BYTES);
  }
  const ollama = passed["OLLAMA_BASE_URL"] ?? OLLAMA;
  const model = await ollamaModel(ollama);
  if (model !== undefined) {
    const reference = `ollama/${model}`;
    const more = { OLLAMA_BASE_URL: ollama, EDGEWISE_MODEL: reference };
    return choice(
      reference,
      [`Found at ${ollama}; EDGEWISE_MODEL=ollama/… takes another of its models.`],
      OLLAMA_BYTES,
      more,
    );
  }
  return choice("builtin/extractive", EXTRACTIVE, BUILTIN_BYTES);
}

/** Asked of the code that will decide it in the Worker. Loaded only here: it brings the providers' libraries with it. */
async function usualModel(provider: "openai" | "anthropic"): Promise<string> {
  const { createModels } = await import("../../src/models/models.ts");
  const { model } = createModels({ [provider]: { apiKey: "unused" } }).resolve("default");
  return `${provider}/${model}`;
}

function bytesFor(reference: string): number {
  if (reference.startsWith("builtin/")) return BUILTIN_BYTES;
  return reference.startsWith("ollama/") ? OLLAMA_BYTES : PROVIDER_BYTES;
}

/** The most recently used model that can chat; undefined when no Ollama answers in time, or it has none. */
async function ollamaModel(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/api/tags`, { signal: AbortSignal.timeout(OLLAMA_PATIENCE_MS) });
    const { models } = (await response.json()) as { models?: { name: string }[] };
    return models?.map((model) => model.name).find((name) => !name.includes("embed"));
  } catch {
    return undefined;
  }
}
