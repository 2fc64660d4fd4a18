import { connect, createServer, type Socket } from "node:net";

/** A stretch of network between a client and a server that can be cut. */
export interface Proxy {
  readonly url: string;
  /** Ends every connection at once, as a train in a tunnel would; answers how many there were. */
  cut(): number;
  stop(): Promise<void>;
}

/**
 * @param target origin of the server behind it
 * @param patienceMs how long a connection is held while nobody listens there, as a load balancer would
 */
export async function startProxy(target: string, patienceMs = 0): Promise<Proxy> {
  const open = new Set<Socket>();
  const pass = async (client: Socket) => {
    client.on("error", () => client.destroy());
    const upstream = await reach(new URL(target), Date.now() + patienceMs);
    if (upstream === undefined) return void client.destroy();
    for (const [one, other] of [[client, upstream] as const, [upstream, client] as const]) {
      open.add(one);
      one.pipe(other);
      // Whatever happened to one end happens to the other; what it was is nobody's news here.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  };
  const server = createServer((client) => void pass(client));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const cut = () => {
    const sockets = [...open];
    for (const socket of sockets) socket.resetAndDestroy();
    return sockets.length / 2;
  };
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    cut,
    stop: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
}

function reach(target: URL, until: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(Number(target.port), target.hostname);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => {
      if (Date.now() >= until) return resolve(undefined);
      setTimeout(() => resolve(reach(target, until)), 50);
    });
  });
}
