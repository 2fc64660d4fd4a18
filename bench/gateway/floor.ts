import { createServer } from "node:http";
import { Pool } from "undici";

/** The least that a proxy can do: `node:http` in, undici out, bytes only, and the socket closed when the client leaves. */
const [upstream = ""] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 512, pipelining: 1 });

const server = createServer((request, response) => {
  const leaving = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) leaving.abort();
  });
  const { host: _host, connection: _connection, "transfer-encoding": _encoding, ...headers } = request.headers;
  const options = { path: request.url ?? "/", method: "POST" as const, headers, body: request, signal: leaving.signal };
  pool
    .stream(options, ({ statusCode, headers: answered }) => {
      const { connection: _one, "keep-alive": _two, "transfer-encoding": _three, ...rest } = answered;
      response.writeHead(statusCode, rest);
      return response;
    })
    .catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", 4_096, () => process.send?.({ port: (server.address() as { port: number }).port }));
