import { type Deadlines, egressError, type EgressLimits } from "./egress-deadlines.ts";

/**
 * The same response, whose body ends with an error when it grows too large or too slow. Bytes are counted as they pass,
 * after decoding, so a small compressed body cannot become a large one unnoticed; nothing is read ahead of the reader.
 */
export function guardResponse(response: Response, url: URL, limits: EgressLimits, deadlines: Deadlines): Response {
  const tooLarge = () =>
    egressError("egress_too_large", false, `${url.host} answered with more than ${limits.maxBytes} bytes.`);
  if (response.body === null) {
    deadlines.stopAll();
    return response;
  }
  if (Number(response.headers.get("content-length")) > limits.maxBytes) {
    const error = tooLarge();
    deadlines.stopAll();
    deadlines.abort(error);
    response.body.cancel(error).catch(() => {});
    throw error;
  }
  const body = guardBody(response.body, limits, deadlines, tooLarge);
  const headers = new Headers(response.headers);
  // The body that is handed on is decoded and of unknown length.
  headers.delete("content-encoding");
  headers.delete("content-length");
  const guarded = new Response(body, { status: response.status, statusText: response.statusText, headers });
  // A response made by hand has no address of its own; readers resolve links against it.
  return Object.defineProperty(guarded, "url", { value: url.href });
}

function guardBody(
  body: ReadableStream<Uint8Array>,
  limits: EgressLimits,
  deadlines: Deadlines,
  tooLarge: () => Error,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let byteCount = 0;
  const giveUp = (reason: unknown) => {
    deadlines.stopAll();
    reader.cancel(reason).catch(() => {});
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          deadlines.start("further byte", limits.idleMs);
          const { done, value } = await deadlines.race(reader.read());
          deadlines.stop("further byte");
          if (done) {
            deadlines.stopAll();
            controller.close();
            return;
          }
          byteCount += value.byteLength;
          if (byteCount > limits.maxBytes) throw tooLarge();
          controller.enqueue(value);
        } catch (thrown) {
          giveUp(thrown);
          controller.error(thrown);
        }
      },
      cancel: giveUp,
    },
    { highWaterMark: 0 },
  );
}
