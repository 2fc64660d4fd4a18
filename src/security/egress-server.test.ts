import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createEgress, type EgressOptions } from "./egress.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server of our own, declared as an origin. */
async function serve(listener: RequestListener, limits: EgressOptions["declaredLimits"] = {}) {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  return { origin, egress: createEgress({ fetch, declaredOrigins: [origin], declaredLimits: limits }) };
}

describe("over a real connection", () => {
  it("a small body that unpacks to a thousand times its size ends at the limit", async () => {
    const bomb = gzipSync(new Uint8Array(32 * 1024 * 1024));
    const listener: RequestListener = (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    const { origin, egress } = await serve(listener, { maxBytes: 1024 * 1024 });
    const response = await egress.declared(origin);
    await expect(response.arrayBuffer()).rejects.toMatchObject({ code: "egress_too_large" });
  });

  it("a body without an end ends at the limit, and its connection is closed", async () => {
    let close: Promise<unknown> | undefined;
    const endless: RequestListener = (_, response) => {
      close = new Promise((resolve) => response.on("close", resolve));
      const write = () => {
        while (!response.closed && response.write("x".repeat(1_024)));
        if (!response.closed) response.once("drain", write);
      };
      write();
    };
    const { origin, egress } = await serve(endless, { maxBytes: 100_000 });
    const response = await egress.declared(origin);
    await expect(response.text()).rejects.toMatchObject({ code: "egress_too_large" });
    await close;
  });

  it("an abort closes the connection, before the answer and in the middle of it", async () => {
    const closed: Promise<unknown>[] = [];
    const { origin, egress } = await serve((request, response) => {
      closed.push(new Promise((resolve) => response.on("close", resolve)));
      if (request.url === "/begun") response.writeHead(200).write("some");
    });
    const controller = new AbortController();
    const begun = await egress.declared(`${origin}/begun`, { signal: controller.signal });
    const pending = Promise.allSettled([
      egress.declared(`${origin}/silent`, { signal: controller.signal }),
      begun.text(),
    ]);
    while (closed.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    expect((await pending).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await Promise.all(closed);
  });

  it("a deadline closes the connection", async () => {
    let close: Promise<unknown> | undefined;
    const silent: RequestListener = (_, response) => {
      close = new Promise((resolve) => response.on("close", resolve));
    };
    const { origin, egress } = await serve(silent, { firstByteMs: 50 });
    await expect(egress.declared(origin)).rejects.toMatchObject({ code: "egress_timeout" });
    await close;
  });

  it("a redirect to a place that is not declared is not followed", async () => {
    const { origin, egress } = await serve((_, response) =>
      response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    );
    await expect(egress.declared(origin)).rejects.toMatchObject({ code: "egress_denied" });
  });
});
