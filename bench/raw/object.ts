import { DurableObject } from "cloudflare:workers";

/**
 * The floor: a SQLite object that commits each step in one transaction and has nothing above it. No engine, no graph, no
 * followers, no tenant; whatever Edgewise costs beyond it is Edgewise's.
 */
export class Raw extends DurableObject<Env> {
  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.storage.sql.exec("CREATE TABLE IF NOT EXISTS steps (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
  }

  async chain(steps: number): Promise<number> {
    for (let step = 0; step < steps; step++) this.#commit(`step ${step}`);
    return steps;
  }

  /** Performs a graph by hand: a node starts when its last predecessor has committed. */
  async graph(delays: readonly number[], edges: readonly (readonly [number, number])[]): Promise<number> {
    const waitsFor = delays.map((_, node) => edges.filter(([, to]) => to === node).length);
    let open = delays.length;
    await new Promise<void>((done) => {
      const start = (node: number): void => {
        setTimeout(() => {
          this.#commit(`node ${node}`);
          if (--open === 0) done();
          for (const [from, to] of edges) {
            if (from !== node) continue;
            waitsFor[to] = (waitsFor[to] ?? 0) - 1;
            if (waitsFor[to] === 0) start(to);
          }
        }, delays[node] ?? 0);
      };
      const roots = waitsFor.flatMap((count, node) => (count === 0 ? [node] : []));
      for (const node of roots) start(node);
    });
    return delays.length;
  }

  #commit(body: string): void {
    this.ctx.storage.transactionSync(() => this.ctx.storage.sql.exec("INSERT INTO steps (body) VALUES (?)", body));
  }
}

interface Env {
  readonly RAW: DurableObjectNamespace<Raw>;
}

export default {
  async fetch(request, env) {
    const work = (await request.json()) as
      | { object: string; chain: number }
      | { object: string; delays: number[]; edges: [number, number][] };
    const stub = env.RAW.getByName(work.object);
    return Response.json("chain" in work ? await stub.chain(work.chain) : await stub.graph(work.delays, work.edges));
  },
} satisfies ExportedHandler<Env>;
