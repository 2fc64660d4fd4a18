import type { IncomingMessage } from "node:http";
import { Problem } from "../problem.ts";

/** A request's body, whole. @throws Problem `body_too_large` (told before it was read, where its length is), `unsupported_media_type` */
export function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const type = request.headers["content-type"] ?? "application/json";
  if (!/^(application\/json|text\/plain)\b/i.test(type))
    return Promise.reject(
      new Problem("unsupported_media_type", `The body must be application/json, not ${type.slice(0, 80)}.`),
    );
  const tooLarge = () => new Problem("body_too_large", `The body is larger than ${most} bytes.`);
  if (Number(request.headers["content-length"] ?? 0) > most) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on("data", (piece: Buffer) => {
      size += piece.length;
      if (size <= most) return void pieces.push(piece);
      request.pause();
      reject(tooLarge());
    });
    request.once("end", () =>
      resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)),
    );
    request.once("error", reject);
    request.once("close", () =>
      reject(new Problem("invalid_request", "The client left before its request was whole.")),
    );
  });
}
