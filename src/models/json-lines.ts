import { badReply } from "./errors.ts";

const LONGEST_LINE = 4 * 1024 * 1024;

/**
 * The same response, whose stream fails at the first line that is not JSON.
 * The client that reads it would skip such a line with a warning, and pass the rest off as the whole answer.
 */
export function checkedLines(response: Response, model: string): Response {
  const decoder = new TextDecoder();
  let open = "";
  const check = (line: string) => {
    if (line.trim() === "") return;
    try {
      JSON.parse(line);
    } catch {
      throw badReply(model, "sent a line that is not JSON");
    }
  };
  const checker = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const lines = (open + decoder.decode(chunk, { stream: true })).split("\n");
      open = lines.pop() ?? "";
      if (open.length > LONGEST_LINE) throw badReply(model, "sent a line without an end");
      for (const line of lines) check(line);
      controller.enqueue(chunk);
    },
    flush() {
      check(open + decoder.decode());
    },
  });
  return new Response(response.body?.pipeThrough(checker) ?? null, {
    status: response.status,
    headers: response.headers,
  });
}
