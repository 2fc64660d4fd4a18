import type { ServerResponse, OutgoingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Host } from "../hosts/host.ts";
import type { ProblemCode } from "../problem.ts";
import { HideUsage } from "./hide-usage.ts";
import type { Tap } from "./usage-tap.ts";

/** What goes to the host. */
export interface Outgoing {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | null;
  /** Milliseconds for the whole answer. */
  readonly totalMs: number;
  /** Its client did not ask for the usage that the host was asked for. */
  readonly hidesUsage: boolean;
}

/** How a request to a host ended. */
export type Ended =
  /** Its answer went out, whatever its status. */
  | { readonly kind: "answered"; readonly status: number; readonly firstByteMs: number }
  /** Nothing went out: another host may be asked. `answer`: what it said, to be passed on where nobody else can. */
  | { readonly kind: "failed"; readonly code: ProblemCode; readonly why: string; readonly answer?: HostAnswer }
  /** The client left. */
  | { readonly kind: "left" }
  /** It broke off in the middle. */
  | { readonly kind: "broke-off"; readonly code: ProblemCode; readonly why: string; readonly contentType: string };

export interface HostAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Headers between two neighbours, which are nobody else's business (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
]);
/** Longest body of a failure that is kept to be passed on. */
const MOST_KEPT = 64 * 1024;

/**
 * Sends a request to a host and passes its answer on as it comes: the bytes are not touched, and a client that reads slowly holds
 * the host's socket, not our memory. The socket is closed when the client leaves.
 */
export function forward(host: Host, outgoing: Outgoing, response: ServerResponse, tap: Tap): Promise<Ended> {
  return new Promise((resolve) => {
    const passing = new Passing(response, tap, resolve, outgoing);
    host.pool.dispatch(
      {
        origin: new URL(host.config.url).origin,
        method: outgoing.method,
        path: outgoing.path,
        headers: outgoing.headers,
        body: outgoing.body,
      },
      passing,
    );
  });
}

class LeftError extends Error {}
class TotalTimeError extends Error {}

class Passing implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #tap: Tap;
  readonly #ended: (ended: Ended) => void;
  readonly #begun = performance.now();
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #hide: HideUsage | undefined;
  #isOver = false;
  #status = 0;
  #firstByteMs = 0;
  #contentType = "";
  /** Of an answer that is a failure: it is not passed on as long as another host may do better. */
  #failure: { readonly headers: OutgoingHttpHeaders; readonly pieces: Buffer[]; size: number } | undefined;

  constructor(response: ServerResponse, tap: Tap, ended: (ended: Ended) => void, { totalMs, hidesUsage }: Outgoing) {
    this.#response = response;
    this.#tap = tap;
    this.#ended = ended;
    this.#timer = setTimeout(() => this.#abort(new TotalTimeError(`It took longer than ${totalMs} ms.`)), totalMs);
    this.#hide = hidesUsage ? new HideUsage() : undefined;
    response.once("close", this.#clientClosed);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new LeftError("The client left."));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Dispatcher.ResponseData["headers"],
  ): void {
    if (status < 200) return;
    this.#status = status;
    const own: OutgoingHttpHeaders = {};
    for (const [name, value] of Object.entries(headers))
      if (!HOP_BY_HOP.has(name) && value !== undefined) own[name] = value;
    this.#contentType = String(headers["content-type"] ?? "");
    if (isHostsFault(status)) this.#failure = { headers: own, pieces: [], size: 0 };
    else this.#response.writeHead(status, own);
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#firstByteMs === 0) this.#firstByteMs = performance.now() - this.#begun;
    const failure = this.#failure;
    if (failure !== undefined) {
      failure.size += piece.length;
      if (failure.size <= MOST_KEPT) failure.pieces.push(piece);
      return;
    }
    this.#tap.push(piece);
    const out = this.#hide?.push(piece) ?? piece;
    if (out.length === 0 || this.#response.write(out)) return;
    controller.pause();
    this.#response.once("drain", () => controller.resume());
  }

  onResponseEnd(): void {
    const failure = this.#failure;
    if (failure !== undefined) {
      const answer = { status: this.#status, headers: failure.headers, body: Buffer.concat(failure.pieces) };
      return this.#finish({ kind: "failed", code: "host_failed", why: `It answered ${this.#status}.`, answer });
    }
    this.#response.end(this.#hide?.end());
    this.#finish({
      kind: "answered",
      status: this.#status,
      firstByteMs: this.#firstByteMs || performance.now() - this.#begun,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (error instanceof LeftError) return this.#finish({ kind: "left" });
    const code = codeOf(error);
    const why = error instanceof TotalTimeError ? error.message : `${error.name}: ${error.message}`;
    if (this.#response.headersSent) this.#finish({ kind: "broke-off", code, why, contentType: this.#contentType });
    else this.#finish({ kind: "failed", code, why });
  }

  readonly #clientClosed = (): void => {
    if (this.#response.writableFinished) return;
    this.#abort(new LeftError("The client left."));
  };

  #abort(error: Error): void {
    if (this.#isOver) return;
    if (this.#controller === undefined) this.#fail(error);
    else this.#controller.abort(error);
  }

  #finish(ended: Ended): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#response.off("close", this.#clientClosed);
    this.#ended(ended);
  }
}

/** Whether an answer says something of the host rather than of the request. */
function isHostsFault(status: number): boolean {
  return status >= 500 || status === 429 || status === 401 || status === 403;
}

function codeOf(error: Error): ProblemCode {
  const name = "code" in error ? String(error.code) : "";
  const isTime = error instanceof TotalTimeError || /TIMEOUT/.test(name);
  return isTime ? "host_timeout" : /CONNREFUSED|CONNECT|NOTFOUND/.test(name) ? "host_failed" : "host_broke_off";
}
