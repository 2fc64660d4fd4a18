import { EventSourceParserStream, type EventSourceMessage } from "eventsource-parser/stream";

/** The API as any program speaks to it: JSON over HTTP, server-sent events. */
export interface Client {
  /** @throws Refused unless the answer is 2xx. */
  json<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Sends a document as it is written. */
  document<Answer>(path: string, text: string, contentType: string): Promise<Answer>;
  events(path: string, body: unknown, signal?: AbortSignal): AsyncIterable<StreamEvent>;
}

export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** An answer that is not 2xx. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  constructor(request: string, status: number, body: string) {
    super(`${request} was answered with ${status}: ${detailOf(body)}`);
    this.status = status;
  }
}

/** @param extra headers of every request */
export function openClient(url: string, key: string | undefined, extra: Readonly<Record<string, string>> = {}): Client {
  const call = async (method: string, path: string, more: RequestInit): Promise<Response> => {
    const headers = {
      ...extra,
      ...(key !== undefined && { "x-api-key": key }),
      ...(more.headers as Record<string, string>),
    };
    const response = await fetch(`${url}${path}`, { ...more, method, headers });
    if (!response.ok) throw new Refused(`${method} ${path}`, response.status, await response.text());
    return response;
  };
  const sendJson = (method: string, path: string, body: unknown, signal?: AbortSignal) =>
    call(method, path, {
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      ...(signal && { signal }),
    });
  return {
    json: async <Answer>(method: string, path: string, body?: unknown) =>
      (await (await sendJson(method, path, body)).json()) as Answer,
    document: async <Answer>(path: string, text: string, contentType: string) =>
      (await (await call("POST", path, { body: text, headers: { "content-type": contentType } })).json()) as Answer,
    async *events(path, body, signal) {
      const response = await sendJson("POST", path, body, signal);
      yield* readEvents(response);
    },
  };
}

export async function* readEvents(response: Response): AsyncIterable<StreamEvent> {
  if (response.body === null) return;
  const messages: AsyncIterable<EventSourceMessage> = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, id, data } of messages) {
    yield { event: event ?? "message", id, data: data === "" ? null : JSON.parse(data) };
  }
}

/** The sentence of a problem (RFC 9457), or the body's beginning. */
function detailOf(body: string): string {
  try {
    const problem = JSON.parse(body) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? body.slice(0, 300);
  } catch {
    return body.slice(0, 300);
  }
}
