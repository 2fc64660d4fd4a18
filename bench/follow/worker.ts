/** The floor: a Worker with nothing in it that streams a model's tokens as the same events, and answers the rest of a turn with JSON. */
export default {
  async fetch(request: Request, { MODELS }: { MODELS: string }): Promise<Response> {
    const { pathname } = new URL(request.url);
    const { pace } = (await request.json()) as { pace?: string };
    if (pathname !== "/stream") return Response.json({ thread_id: crypto.randomUUID() });
    const upstream = await fetch(`${MODELS}/api/chat`, {
      method: "POST",
      body: JSON.stringify({ model: "double", messages: [{ role: "user", content: pace }], stream: true }),
    });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    void copy(upstream, writable.getWriter());
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  },
};

async function copy(upstream: Response, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  const encoder = new TextEncoder();
  let id = 0;
  let rest = "";
  for await (const piece of upstream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { message } = JSON.parse(line) as { message: { content: string } };
      const data = JSON.stringify([{ type: "AIMessageChunk", content: message.content }, { langgraph_node: "speak" }]);
      await writer.write(encoder.encode(`event: messages\ndata: ${data}\nid: ${id++}\n\n`));
    }
  }
  await writer.close();
}
