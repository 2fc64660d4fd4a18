/** What a scripted network does with one request. */
export interface WireReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Pieces of so many bytes, which do not respect characters or lines. */
  readonly bytesPerChunk?: number;
  /** What comes after the body: its end (the usual), nothing for ever, or the network's failure. */
  readonly ending?: "end" | "silence" | "failure";
}

export interface ScriptedNetwork {
  readonly fetch: typeof fetch;
  readonly requests: Request[];
  /** How many connections were closed from our side before they ended. */
  closedEarly(): number;
}

/** A fetch that answers from a script, and behaves like the platform's when its signal is aborted. */
export function scriptedNetwork(reply: WireReply | Error): ScriptedNetwork {
  const requests: Request[] = [];
  const closed = new Set<Request>();
  return {
    requests,
    closedEarly: () => closed.size,
    fetch: async (input, init) => {
      init?.signal?.throwIfAborted();
      const request = new Request(input, init);
      requests.push(request);
      if (reply instanceof Error) throw reply;
      const body = bodyOf(reply, init?.signal ?? undefined, () => void closed.add(request));
      return new Response(body, { status: reply.status ?? 200, headers: { ...reply.headers } });
    },
  };
}

function bodyOf(reply: WireReply, signal: AbortSignal | undefined, onClosed: () => void): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(reply.body ?? "");
  const size = reply.bytesPerChunk ?? 64;
  let position = 0;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onAbort = () => {
        onClosed();
        controller.error(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller) {
      if (position < bytes.length) {
        controller.enqueue(bytes.slice(position, position + size));
        position += size;
      } else if (reply.ending === "failure") controller.error(new TypeError("terminated"));
      else if (reply.ending === "silence") await new Promise(() => {});
      else controller.close();
    },
    cancel: onClosed,
  });
}
