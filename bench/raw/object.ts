import { DurableObject } from "cloudflare:workers";

/** What the raw object can be asked for; `sync`: each commit is flushed to disk before the next step starts. */
export type RawWork =
  | { readonly chain: number; readonly sync?: boolean }
  | { readonly fan: number }
  | { readonly turns: number }
  | { readonly delays: readonly number[]; readonly edges: readonly (readonly [number, number])[] }
  | { readonly calls: number; readonly url: string }
  | { readonly say: string }
  | { readonly read: true };

/**
 * The floor: a SQLite object that commits each step in one transaction and has nothing above it. No engine, no graph, no
 * followers, no tenant; whatever Edgewise costs beyond it is Edgewise's.
 */
export class Raw extends DurableObject<Env> {
  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.storage.sql.exec("CREATE TABLE IF NOT EXISTS steps (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
  }

  async perform(work: RawWork): Promise<unknown> {
    if ("chain" in work) return this.#chain(work.chain, work.sync === true);
    if ("fan" in work) return this.#fan(work.fan);
    if ("turns" in work) return this.#turns(work.turns);
    if ("calls" in work) return this.#calls(work.calls, work.url);
    if ("say" in work) return this.#say(work.say);
    if ("read" in work) return this.#read();
    return this.#graph(work.delays, work.edges);
  }

  async #chain(steps: number, sync: boolean): Promise<number> {
    for (let step = 0; step < steps; step++) {
      this.#commit(`step ${step}`);
      if (sync) await this.ctx.storage.sync();
    }
    return steps;
  }

  async #fan(width: number): Promise<number> {
    this.#commit("first");
    await Promise.all(Array.from({ length: width }, async (_, step) => this.#commit(`step ${step}`)));
    this.#commit("join");
    return width;
  }

  /** A model's answer and a tool's, each a commit of what is new; who acts sees all messages. */
  async #turns(turns: number): Promise<number> {
    const messages: object[] = [];
    const add = async (message: object) => {
      messages.push(message);
      this.#commit(JSON.stringify(message));
    };
    for (let turn = 0; turn < turns; turn++) {
      await add({ role: "assistant", content: "", tool_calls: [{ id: `call_${turn}`, name: "look", args: {} }] });
      await add({ role: "tool", tool_call_id: `call_${turn}`, content: "nothing there" });
    }
    await add({ role: "assistant", content: "done" });
    return messages.length;
  }

  /** Each step asks the server; the answer is committed, and on disk before the next question leaves. */
  async #calls(steps: number, url: string): Promise<number> {
    for (let step = 0; step < steps; step++) {
      const answer = await fetch(url, { method: "POST", body: JSON.stringify({ step }) });
      this.#commit(await answer.text());
      await this.ctx.storage.sync();
    }
    return steps;
  }

  #say(content: string): number {
    this.#commit(JSON.stringify({ role: "user", content }));
    this.#commit("step");
    return content.length;
  }

  #read(): object[] {
    const rows = this.ctx.storage.sql.exec<{ body: string }>(
      "SELECT body FROM steps WHERE body <> 'step' ORDER BY seq",
    );
    return [...rows].map(({ body }) => JSON.parse(body) as object);
  }

  /** Performs a graph by hand: a node starts when its last predecessor has committed. */
  async #graph(delays: readonly number[], edges: readonly (readonly [number, number])[]): Promise<number> {
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
    const { object, ...work } = (await request.json()) as { readonly object: string } & RawWork;
    const stub = env.RAW.getByName(object) as unknown as Pick<Raw, "perform">;
    return Response.json(await stub.perform(work));
  },
} satisfies ExportedHandler<Env>;
