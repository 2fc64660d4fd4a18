import type { TestServer } from "./server.ts";

/** Plain HTTP with the server's key; refuses to go on after an answer that is not 2xx. */
export async function call<Answer>(
  server: Pick<TestServer, "url" | "key">,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { "x-api-key": server.key, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** A model node that says `reply` in pieces of four characters, one every `delayMs`. */
export function scripted(reply: string, delayMs: number, write: string, prompt = "Go on.") {
  const options = { script: { turns: [{ reply, delayMs, firstDelayMs: delayMs }] } };
  return { kind: "model", model: "builtin/scripted", prompt, options, write };
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const startedAt = Date.now();
  while (!(await condition())) {
    if (Date.now() - startedAt > withinMs) throw new Error(`${what} did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
