import type { HostKind } from "../config.ts";
import { type Problem, PROBLEMS } from "../problem.ts";

/** The languages that clients and hosts speak. A request goes only to a host that speaks its own: bytes pass as they are. */
export type Dialect = "openai" | "anthropic" | "ollama";

const SPOKEN: Readonly<Record<HostKind, readonly Dialect[]>> = {
  openai: ["openai"],
  anthropic: ["anthropic"],
  vllm: ["openai", "anthropic"],
  "llama.cpp": ["openai", "anthropic"],
  ollama: ["openai", "anthropic", "ollama"],
};

export function speaks(kind: HostKind, dialect: Dialect): boolean {
  return SPOKEN[kind].includes(dialect);
}

/** What a path's requests are written in. Other paths of the hosts (pull, create, delete) are nobody's business here. */
export const FRONTS: ReadonlyMap<string, Dialect> = new Map([
  ["/v1/chat/completions", "openai"],
  ["/v1/completions", "openai"],
  ["/v1/embeddings", "openai"],
  ["/v1/responses", "openai"],
  ["/v1/messages", "anthropic"],
  ["/api/chat", "ollama"],
  ["/api/generate", "ollama"],
  ["/api/embed", "ollama"],
  ["/api/embeddings", "ollama"],
  ["/api/show", "ollama"],
]);

/** Streams to whose client usage is only told when it asks. */
export const USAGE_ON_DEMAND: ReadonlySet<string> = new Set(["/v1/chat/completions", "/v1/completions"]);

/** Whose errors a path's clients read. */
export function dialectOf(path: string): Dialect {
  return FRONTS.get(path) ?? (path.startsWith("/api/") ? "ollama" : "openai");
}

/** A refusal as the dialect's clients read it. */
export function errorBody({ code, message }: Problem, dialect: Dialect): string {
  const { type } = PROBLEMS[code];
  if (dialect === "ollama") return JSON.stringify({ error: message });
  if (dialect === "anthropic") return JSON.stringify({ type: "error", error: { type, message } });
  return JSON.stringify({ error: { message, type, code, param: null } });
}

/** The one piece that follows a stream which its host broke off; undefined where the dialect has none. */
export function brokenOff(problem: Problem, dialect: Dialect, contentType: string): string | undefined {
  const body = errorBody(problem, dialect);
  if (contentType.startsWith("application/x-ndjson")) return `\n${body}\n`;
  if (!contentType.startsWith("text/event-stream")) return undefined;
  return dialect === "anthropic" ? `\n\nevent: error\ndata: ${body}\n\n` : `\n\ndata: ${body}\n\n`;
}
