import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Admission, Ask, Place } from "./admission.ts";
import type { GatewayConfig } from "./config.ts";
import type { Asked } from "./fronts/asked.ts";
import { brokenOff, type Dialect, dialectOf, speaks, USAGE_ON_DEMAND } from "./fronts/dialect.ts";
import type { Host } from "./hosts/host.ts";
import { authorizationOf } from "./hosts/probe.ts";
import type { Journal, UsageRecord } from "./journal.ts";
import type { Caller } from "./keys.ts";
import type { Metrics } from "./metrics.ts";
import { Problem } from "./problem.ts";
import { type Ended, forward, type HostAnswer, type Outgoing } from "./wire/forward.ts";
import { OllamaTap, type Tap, UsageTap } from "./wire/usage-tap.ts";

/** A request on its way through: a place, a host, and another host as long as no byte went out. */

export interface Relayed {
  readonly caller: Caller;
  readonly path: string;
  readonly request: Asked;
  readonly bytes: Buffer;
  /** Those of the client's that the host is to see as well. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client wants to hear which host it was and why. */
  readonly explains: boolean;
}

/** Attempts beyond one a request: each request adds a tenth, so that a bad hour doubles nobody's load (GW7). */
class RetryBudget {
  #left = 10;

  earn(): void {
    this.#left = Math.min(10, this.#left + 0.1);
  }

  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

export class Relay {
  readonly #config: () => GatewayConfig;
  readonly #admission: Admission;
  readonly #journal: Journal;
  readonly #metrics: Metrics;
  readonly #env: NodeJS.ProcessEnv;
  readonly #retries = new RetryBudget();

  constructor(parts: {
    readonly config: () => GatewayConfig;
    readonly admission: Admission;
    readonly journal: Journal;
    readonly metrics: Metrics;
    readonly env: NodeJS.ProcessEnv;
  }) {
    this.#config = parts.config;
    this.#admission = parts.admission;
    this.#journal = parts.journal;
    this.#metrics = parts.metrics;
    this.#env = parts.env;
  }

  /** Answers the client, whatever happens. @throws Problem as long as nothing went out */
  async relay(relayed: Relayed, response: ServerResponse): Promise<void> {
    const { caller, request } = relayed;
    const model = this.#admission.canonical(this.#config().aliases[request.model] ?? request.model);
    const dialect = dialectOf(relayed.path);
    const fits = ({ config }: Host): boolean => speaks(config.kind, dialect);
    const without = new Set<string>();
    this.#retries.earn();
    let answer: HostAnswer | undefined;
    for (;;) {
      const ask: Ask = { model, tenant: caller.tenant, weight: caller.weight, prefix: request.prefix, fits, without };
      const place = await this.#placeOf(ask, response, answer);
      if (place === undefined) return;
      const ended = await this.#attempt(relayed, model, place, response);
      if (ended.kind !== "failed") return;
      answer = ended.answer ?? answer;
      without.add(place.host.name);
      if (response.destroyed) return;
      if (!this.#retries.spend())
        return passOn(response, answer, new Problem(ended.code, `The host failed: ${ended.why}`));
      this.#metrics.count("gateway_retries_total", { model, host: place.host.name, reason: ended.code });
    }
  }

  /** Undefined: the client left, or was told what the last host had said. @throws Problem */
  async #placeOf(ask: Ask, response: ServerResponse, answer: HostAnswer | undefined): Promise<Place | undefined> {
    let admitted: ReturnType<Admission["admit"]>;
    try {
      admitted = this.#admission.admit(ask);
    } catch (thrown) {
      if (answer === undefined || !(thrown instanceof Problem)) throw thrown;
      passOn(response, answer, thrown);
      return undefined;
    }
    if (!(admitted.place instanceof Promise)) return admitted.place;
    const { leave } = admitted;
    let hasLeft = false;
    const left = new Promise<undefined>((resolve) => {
      response.once("close", () => {
        hasLeft = true;
        leave();
        resolve(undefined);
      });
    });
    const place = await Promise.race([admitted.place, left]);
    if (!hasLeft) return place;
    place?.release();
    return undefined;
  }

  async #attempt(relayed: Relayed, model: string, place: Place, response: ServerResponse): Promise<Ended> {
    const { host } = place;
    const dialect = dialectOf(relayed.path);
    const tap = dialect === "ollama" ? new OllamaTap() : new UsageTap();
    const begun = performance.now();
    if (relayed.explains) {
      response.setHeader("x-gateway-host", host.name);
      response.setHeader("x-gateway-why", place.why);
    }
    const ended = await forward(host, this.#outgoing(relayed, model, place), response, tap);
    place.release();
    const durationMs = performance.now() - begun;
    const now = Date.now();
    if (ended.kind === "answered") {
      host.breaker.succeeded();
      host.firstByte.observe(ended.firstByteMs, now);
    } else if (ended.kind === "left") host.breaker.saidNothing();
    else host.breaker.failed(now);
    if (ended.kind === "broke-off") breakOff(response, ended, dialect);
    this.#metrics.ended(model, host.name, ended, { durationMs, waitedMs: place.waitedMs, tokens: tap.tokens });
    if (ended.kind !== "failed") this.#journal.add(recordOf(relayed, model, place, ended, durationMs, tap));
    return ended;
  }

  #outgoing({ path, request, bytes, headers }: Relayed, model: string, { host }: Place): Outgoing {
    const hidesUsage = USAGE_ON_DEMAND.has(path) && request.isStream && !request.wantsUsage;
    const pinned = host.loadsOnDemand ? this.#config().pinned[model] : undefined;
    const body = bodyOf(request, bytes, model, { asksUsage: hidesUsage, pinned, isNative: path.startsWith("/api/") });
    return {
      method: "POST",
      path: host.path(path),
      headers: {
        "content-type": "application/json",
        ...headers,
        "content-length": String(body.length),
        ...authorizationOf(host, this.#env),
      },
      body,
      totalMs: this.#config().timeouts.total,
      hidesUsage,
    };
  }
}

/** The client's own bytes wherever nothing in them has to be another way. */
function bodyOf(
  { body, model: asked }: Asked,
  bytes: Buffer,
  model: string,
  { asksUsage, pinned, isNative }: Changes,
): Buffer {
  const isPinned = pinned !== undefined && isNative;
  if (asked === model && !asksUsage && !isPinned) return bytes;
  const hasOptions = "stream_options" in body;
  if (asked === model && !isPinned && !hasOptions) {
    const open = bytes.indexOf("{") + 1;
    return Buffer.concat([bytes.subarray(0, open), INCLUDE_USAGE, bytes.subarray(open)]);
  }
  const options = body["stream_options"];
  const others = typeof options === "object" && options !== null ? options : {};
  const more = asksUsage ? { stream_options: { ...others, include_usage: true } } : {};
  const own = body["options"];
  const fixed = isPinned ? { options: { ...(typeof own === "object" ? own : {}), ...pinned } } : {};
  return Buffer.from(JSON.stringify({ ...body, model, ...more, ...fixed }));
}

/** What a host is asked that its client did not write. */
interface Changes {
  readonly asksUsage: boolean;
  readonly pinned: GatewayConfig["pinned"][string] | undefined;
  /** Ollama's own dialect, which alone has its options. */
  readonly isNative: boolean;
}

const INCLUDE_USAGE = Buffer.from('"stream_options":{"include_usage":true},');

function recordOf(
  { caller, path }: Relayed,
  model: string,
  { host }: Place,
  ended: Exclude<Ended, { readonly kind: "failed" }>,
  durationMs: number,
  tap: Tap,
): UsageRecord {
  return {
    id: randomUUID(),
    at: Date.now(),
    tenant: caller.tenant,
    key: caller.name,
    model,
    host: host.name,
    path,
    status: ended.kind === "answered" ? ended.status : 0,
    durationMs: Math.round(durationMs),
    tokens: tap.tokens ?? null,
    end: ended.kind,
  };
}

/** After the first byte there is one typed error, and no splice of another host's answer. */
function breakOff(
  response: ServerResponse,
  { code, why, contentType }: Extract<Ended, { kind: "broke-off" }>,
  dialect: Dialect,
): void {
  const last = brokenOff(new Problem(code, `The host broke off: ${why}`), dialect, contentType);
  if (last === undefined) response.destroy();
  else response.end(last);
}

/** What the last host said, where nobody else could answer. */
function passOn(response: ServerResponse, answer: HostAnswer | undefined, problem: Problem): void {
  if (answer === undefined) throw problem;
  const { "content-length": _length, ...headers } = answer.headers;
  response.writeHead(answer.status, headers);
  response.end(answer.body);
}
