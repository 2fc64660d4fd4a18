import type { Json, JsonObject } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { NodeContext, NodeKind, NodeResult } from "./contract.ts";
import { httpSchema } from "./http-config.ts";
import type { HttpConfig } from "./http-config.ts";
import { parseBody, readBody, statusFailure } from "./http-reply.ts";
import { compileRequest, writeRequest } from "./http-request.ts";
import type { CompiledRequest } from "./http-request.ts";

interface Compiled {
  readonly request: CompiledRequest;
  readonly accepts: (status: number) => boolean;
  readonly config: HttpConfig;
}

/**
 * Calls a public address. What changes something there is sent with an `Idempotency-Key` that is the same for every
 * attempt, so a server that knows the header does it once; for one that does not, the document says `effect: unsafe`.
 */
export const http: NodeKind<HttpConfig, Compiled> = {
  kind: "http",
  summary: "Calls an HTTP API",
  schema: httpSchema,
  effect: "idempotent",
  defaults: { retry: { attempts: 3, delayMs: 500, maxDelayMs: 30_000 }, timeoutMs: 30_000 },
  example: `edgewise: 1
id: weather
channels:
  city: { schema: { type: string }, default: Basel }
  places: {}
output: [places]
nodes:
  look:
    kind: http
    url: https://geocoding-api.open-meteo.com/v1/search
    query: { name: "{{ state.city }}", count: 3 }
    write: places
edges:
  - { from: start, to: look }
`,
  compile(config, compiler) {
    checkWrite(config, compiler);
    const accepted = new Set(config.accept.map(String));
    const accepts = (status: number) => accepted.has(`${status}`) || accepted.has(`${Math.floor(status / 100)}xx`);
    return { request: compileRequest(config, compiler), accepts, config };
  },
  run: call,
};

function checkWrite({ write, full }: HttpConfig, compiler: NodeCompiler): void {
  if (write !== undefined) compiler.channel(write, ["write"]);
  else if (full) compiler.problem("missing", "full says what to write; write must say to which channel.", ["full"]);
}

async function call({ request, accepts, config }: Compiled, context: NodeContext): Promise<NodeResult> {
  const { scope, signal } = context;
  signal.throwIfAborted();
  const { url, init } = writeRequest(request, scope, context.idempotencyKey);
  const asked = { method: init.method, host: url.host };
  const response = await context.publicFetch(url.href, { ...init, signal });
  if (!accepts(response.status)) throw await statusFailure(response, asked, context.now);
  if (config.write === undefined) {
    await response.body?.cancel();
    return { writes: [] };
  }
  const text = await readBody(response, config.max_bytes, asked);
  signal.throwIfAborted();
  const body = parseBody(text, response.headers.get("content-type"), config.parse, asked);
  const value: Json = config.full ? { status: response.status, headers: headersOf(response), body } : body;
  return { writes: [{ channel: config.write, value }] };
}

function headersOf({ headers }: Response): JsonObject {
  return Object.fromEntries([...headers].filter(([name]) => name !== "set-cookie"));
}
