import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProviderMoment } from "./points.ts";

/**
 * A provider on loopback, in the proof's own process: speaks OpenAI's chat completions, takes effects at `/effect`, and keeps a
 * ledger of every call. What a model does is in its name: `told.<pieces>.<delay>.<faults>`, a fault for each of the first calls
 * that carry one key; 400 as the first of them is the answer to all.
 */

export type Fault = "429" | "500" | "503" | "400" | "cut" | "html";

export interface Call {
  readonly key: string;
  readonly isEffect: boolean;
  /** What was asked: the prompt, or the effect. */
  readonly what: string;
  readonly at: number;
  /** How it ended: `cut`, the other side went away. */
  end: "open" | "answered" | "fault" | "cut";
  endedAt: number;
}

export function modelOf(pieces: number, delayMs: number, faults: readonly Fault[] = []): string {
  return ["openai/told", pieces, delayMs, ...faults].join(".");
}

/** What such a model answers; one word a piece. */
export function answerTo(prompt: string, pieces: number): string {
  return piecesOf(prompt, pieces).join("");
}

export const receiptFor = (what: string): string => `done: ${what}`;

function piecesOf(prompt: string, pieces: number): string[] {
  return Array.from({ length: pieces }, (_, index) => (index === 0 ? `${prompt}:` : ` ${index}`));
}

export class Provider {
  readonly calls: Call[] = [];
  readonly #asked = new Set<string>();
  /** Called at the armed moment; that ends the other side at once. */
  #crash: { readonly moment: ProviderMoment; skip: number; readonly now: () => void } | undefined;
  readonly #byKey = new Map<string, number>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  url = "";

  static async start(): Promise<Provider> {
    const provider = new Provider();
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    const address = provider.#server.address();
    provider.url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    return provider;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Whether anybody asked for that. */
  hasBeenAsked(what: string): boolean {
    return this.#asked.has(what);
  }

  arm(moment: ProviderMoment, skip: number, now: () => void): void {
    this.#crash = { moment, skip, now };
  }

  disarm(): void {
    this.#crash = undefined;
  }

  #reached(moment: ProviderMoment): void {
    const crash = this.#crash;
    if (crash?.moment !== moment) return;
    crash.skip -= 1;
    if (crash.skip >= 0) return;
    this.#crash = undefined;
    crash.now();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const key = String(request.headers["idempotency-key"] ?? "");
    const before = this.#byKey.get(key) ?? 0;
    this.#byKey.set(key, before + 1);
    const isEffect = request.url === "/effect";
    const asked = isEffect ? undefined : (JSON.parse(body) as Asked);
    const what = asked === undefined ? body : (asked.messages.at(-1)?.content ?? "");
    const call: Call = { key, isEffect, what, at: Date.now(), end: "open", endedAt: Number.POSITIVE_INFINITY };
    this.calls.push(call);
    this.#asked.add(what);
    const ended = (end: Call["end"]) => {
      if (call.end === "open") Object.assign(call, { end, endedAt: Date.now() });
    };
    response.once("close", () => ended("cut"));
    // An idle connection that is closed at this end just when it is used again would be a failure that nobody planned.
    response.setHeader("connection", "close");
    this.#reached("received");
    if (asked === undefined) {
      await sleep(15);
      ended(response.destroyed ? "cut" : "answered");
      response.end(receiptFor(body));
      return;
    }
    const [, pieces, delay, ...faults] = asked.model.split(".");
    const told = { prompt: what, pieces: Number(pieces), delayMs: Number(delay) };
    const fault = (faults[0] === "400" ? "400" : faults[before]) as Fault | undefined;
    if (fault !== undefined) ended("fault");
    await this.#speak(response, told, fault);
    ended("answered");
  }

  async #speak(response: ServerResponse, told: Told, fault: Fault | undefined): Promise<void> {
    if (fault !== undefined && fault !== "cut") return refuse(response, fault);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const pieces = piecesOf(told.prompt, told.pieces);
    for (const [index, content] of pieces.entries()) {
      await sleep(told.delayMs);
      if (response.destroyed) return;
      response.write(chunk({ choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }] }));
      if (index === pieces.length >> 1) {
        this.#reached("streaming");
        if (fault === "cut") {
          response.destroy();
          return;
        }
      }
    }
    response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
    const usage = { prompt_tokens: 7, completion_tokens: told.pieces, total_tokens: 7 + told.pieces };
    response.end(`${chunk({ choices: [], usage })}data: [DONE]\n\n`);
    this.#reached("done");
  }
}

interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
}

interface Told {
  readonly prompt: string;
  readonly pieces: number;
  readonly delayMs: number;
}

function refuse(response: ServerResponse, fault: Exclude<Fault, "cut">): void {
  if (fault === "html") {
    response.writeHead(200, { "content-type": "text/html" }).end("<p>Back soon.</p>");
    return;
  }
  const headers = { "content-type": "application/json", ...(fault === "429" && { "retry-after": "0" }) };
  response.writeHead(Number(fault), headers).end(JSON.stringify({ error: { message: "Not now.", type: "told" } }));
}

function chunk(more: object): string {
  const head = { id: "told", object: "chat.completion.chunk", created: 1, model: "told" };
  return `data: ${JSON.stringify({ ...head, ...more })}\n\n`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const piece of request) text += piece;
  return text;
}
