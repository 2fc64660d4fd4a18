import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Admission } from "./admission.ts";
import { type GatewayConfig, matches } from "./config.ts";
import { readAsked } from "./fronts/asked.ts";
import { type Dialect, dialectOf, errorBody, FRONTS } from "./fronts/dialect.ts";
import { Host } from "./hosts/host.ts";
import { loadModel, look } from "./hosts/probe.ts";
import { Journal } from "./journal.ts";
import { type Caller, Keys, refuseModel } from "./keys.ts";
import { Metrics } from "./metrics.ts";
import { Problem } from "./problem.ts";
import { Relay } from "./relay.ts";
import { readBody } from "./wire/body.ts";

export interface GatewayOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  /** Of the journal; `:memory:` keeps none. */
  readonly journalPath: string;
}

const EXPIRE_MS = 25;
const PROBE_TIMEOUT_MS = 2_000;

/** One service in front of all hosts: takes requests, finds each a place, passes answers on, and keeps the accounts. */
export class Gateway {
  #config: GatewayConfig;
  #keys: Keys;
  #hosts: readonly Host[];
  readonly #options: GatewayOptions;
  readonly #admission: Admission;
  readonly #relay: Relay;
  readonly #metrics = new Metrics();
  readonly #journal: Journal;
  readonly #server: Server;
  readonly #timers: NodeJS.Timeout[] = [];
  #isDraining = false;
  #stopped: Promise<void> | undefined;
  #inFlight = 0;

  constructor(config: GatewayConfig, options: GatewayOptions) {
    this.#config = config;
    this.#options = options;
    this.#keys = new Keys(config);
    this.#hosts = config.hosts.map((host) => new Host(host, config.timeouts));
    this.#journal = new Journal(options.journalPath);
    this.#admission = new Admission({
      hosts: () => this.#hosts,
      queue: config.queue,
      load: (host, model) => {
        const { timeouts, pinned } = this.#config;
        return loadModel(host, model, { env: options.env, timeoutMs: timeouts.load, options: pinned[model] });
      },
      now: () => Date.now(),
    });
    this.#relay = new Relay({
      config: () => this.#config,
      admission: this.#admission,
      journal: this.#journal,
      metrics: this.#metrics,
      env: options.env,
    });
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.keepAliveTimeout = 75_000;
    // Long prompts take long to send; the total time is bounded all the same.
    this.#server.requestTimeout = config.timeouts.total;
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** Listens, and has looked at every host once. @returns the address */
  async start(): Promise<AddressInfo> {
    await this.#lookAtAll();
    const { host, port } = this.#config.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, 4_096, resolve);
    });
    this.#timers.push(
      setInterval(() => this.#admission.expire(), EXPIRE_MS),
      setInterval(() => void this.#lookAtAll(), this.#config.probe.every),
    );
    return this.#server.address() as AddressInfo;
  }

  /** Keys, names and limits of another file count from now on; hosts that are in both keep their connections and what is known of them. */
  async reload(config: GatewayConfig): Promise<void> {
    const before = new Map(this.#hosts.map((host) => [JSON.stringify(host.config), host]));
    const hosts = config.hosts.map((host) => before.get(JSON.stringify(host)) ?? new Host(host, config.timeouts));
    const gone = this.#hosts.filter((host) => !hosts.includes(host));
    const fresh = hosts.filter((host) => !this.#hosts.includes(host));
    await Promise.all(fresh.map((host) => this.#look(host)));
    this.#config = config;
    this.#keys = new Keys(config);
    this.#hosts = hosts;
    this.#admission.changed();
    // What they are answering they answer to its end.
    for (const host of gone) void host.close();
  }

  /** Takes nothing new, and lets what is under way come to its end. @param withinMs after which what is left is cut off */
  stop(withinMs = 30_000): Promise<void> {
    return (this.#stopped ??= this.#stop(withinMs));
  }

  async #stop(withinMs: number): Promise<void> {
    this.#isDraining = true;
    this.#admission.refuseAll(new Problem("draining", "The gateway is being stopped.", 1_000));
    for (const timer of this.#timers) clearInterval(timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const end = Date.now() + withinMs;
    while (this.#inFlight > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#server.closeAllConnections();
    await closed;
    await Promise.all(this.#hosts.map((host) => host.pool.destroy()));
    this.#journal.close();
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => this.#look(host)));
    this.#admission.changed();
  }

  #look(host: Host): Promise<void> {
    const { env, log } = this.#options;
    return look(host, { now: () => Date.now(), log, env, timeoutMs: PROBE_TIMEOUT_MS });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight += 1;
    response.once("close", () => (this.#inFlight -= 1));
    try {
      await this.#route(request, response);
    } catch (thrown) {
      const problem = thrown instanceof Problem ? thrown : undefined;
      if (problem === undefined)
        this.#options.log(`a request failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
      const dialect = dialectOf(request.url?.split("?")[0] ?? "");
      this.#refuse(response, problem ?? new Problem("host_failed", "The gateway failed; its log says why."), dialect);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://gateway");
    const dialect = FRONTS.get(pathname);
    if (dialect !== undefined) {
      if (request.method !== "POST") throw new Problem("method_not_allowed", `${pathname} takes POST.`);
      return this.#answer(request, response, pathname, dialect);
    }
    if (request.method !== "GET")
      throw new Problem("not_found", `There is nothing at ${request.method ?? ""} ${pathname.slice(0, 200)}.`);
    if (pathname === "/healthz") return sendJson(response, 200, { ok: true });
    if (pathname === "/readyz") return sendJson(response, this.#isDraining ? 503 : 200, { ready: !this.#isDraining });
    const caller = this.#keys.callerOf(request.headers);
    if (pathname === "/v1/models") return sendJson(response, 200, this.#models(caller));
    if (pathname === "/api/version") return sendJson(response, 200, { version: "0.0.0-gateway" });
    if (pathname === "/api/tags") return sendJson(response, 200, { models: this.#tags(caller) });
    if (pathname === "/api/ps") return sendJson(response, 200, { models: this.#residents(caller) });
    if (pathname === "/metrics") return sendText(response, this.#metrics.text(this.#gauges()));
    if (pathname === "/admin/hosts" && caller.admin) return sendJson(response, 200, { hosts: this.#hostViews() });
    if (pathname === "/admin/explain" && caller.admin)
      return sendJson(response, 200, this.#explain(caller, searchParams.get("model") ?? ""));
    throw new Problem("not_found", `There is nothing at ${pathname.slice(0, 200)}.`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, path: string, dialect: Dialect): Promise<void> {
    const caller = this.#keys.callerOf(request.headers);
    if (this.#isDraining) throw new Problem("draining", "The gateway is being stopped.", 1_000);
    const bytes = await readBody(request, this.#config.limits.body_bytes);
    const asked = readAsked(bytes, dialect);
    refuseModel(caller, asked.model);
    const explains = request.headers["x-gateway-explain"] === "true";
    const headers = passedOn(request.headers);
    await this.#relay.relay({ caller, path, request: asked, bytes, headers, explains }, response);
  }

  #refuse(response: ServerResponse, problem: Problem, dialect: Dialect): void {
    this.#metrics.count("gateway_refusals_total", { reason: problem.code });
    if (response.headersSent || response.destroyed) return void response.destroy();
    const retry = problem.retryAfter === undefined ? {} : { "retry-after": String(problem.retryAfter) };
    // A body that was not read whole must not be taken for the next request.
    const close = problem.code === "body_too_large" ? { connection: "close" } : {};
    response.writeHead(problem.status, { "content-type": "application/json", ...retry, ...close });
    response.end(errorBody(problem, dialect));
  }

  #models(caller: Caller): object {
    const names = new Set([...this.#hosts.flatMap(({ models }) => [...models]), ...Object.keys(this.#config.aliases)]);
    const allowed = [...names].filter((name) => matches(caller.models, name)).toSorted();
    return { object: "list", data: allowed.map((id) => ({ id, object: "model", created: 0, owned_by: "gateway" })) };
  }

  /** As Ollama lists them: what its clients read is the name. */
  #tags(caller: Caller): object[] {
    const names = new Set(
      this.#hosts.filter(({ loadsOnDemand }) => loadsOnDemand).flatMap(({ models }) => [...models]),
    );
    return [...names].filter((name) => matches(caller.models, name)).map((name) => ({ name, model: name }));
  }

  #residents(caller: Caller): object[] {
    const loaded = this.#hosts.filter(({ loadsOnDemand }) => loadsOnDemand).flatMap((host) => host.residents());
    const names = new Set(loaded.filter(({ state }) => state === "resident").map(({ model }) => model));
    return [...names].filter((name) => matches(caller.models, name)).map((name) => ({ name, model: name }));
  }

  #explain(caller: Caller, model: string): object {
    const name = this.#config.aliases[model] ?? model;
    const ask = {
      model: name,
      tenant: caller.tenant,
      weight: caller.weight,
      prefix: undefined,
      fits: () => true,
      without: new Set<string>(),
    };
    const now = Date.now();
    return {
      model: name,
      choice: this.#admission.explain(ask),
      expected_wait_ms: this.#admission.expectedWait(ask),
      candidates: this.#hosts.filter(({ models }) => models.has(name)).map((host) => host.candidate(name, now)),
    };
  }

  #hostViews(): object[] {
    const now = Date.now();
    return this.#hosts.map((host) => ({
      name: host.name,
      kind: host.config.kind,
      state: host.isDraining ? "draining" : host.breaker.state(now),
      outstanding: host.outstanding,
      slots: host.config.slots,
      first_byte_ms: Math.round(host.firstByte.value(now)),
      models: [...host.models],
      residents: host.loadsOnDemand ? host.residents() : [],
    }));
  }

  #gauges(): Parameters<Metrics["text"]>[0] {
    const now = Date.now();
    return [
      [
        "gateway_host_up",
        "Whether a host may be asked.",
        this.#hosts.map((host) => [{ host: host.name }, host.breaker.state(now) === "closed" ? 1 : 0]),
      ],
      [
        "gateway_host_outstanding",
        "Requests that a host has.",
        this.#hosts.map((host) => [{ host: host.name }, host.outstanding]),
      ],
      [
        "gateway_waiting",
        "Requests that wait for a place.",
        this.#admission.waiting().map(({ model, count }) => [{ model }, count]),
      ],
    ];
  }
}

/** Headers that hosts understand; a client's key is not among them. */
const PASSED = ["accept", "anthropic-version", "anthropic-beta", "traceparent", "tracestate", "user-agent"] as const;

function passedOn(headers: IncomingMessage["headers"]): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED) {
    const value = headers[name];
    if (typeof value === "string") passed[name] = value;
  }
  return passed;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  response.end(text);
}
