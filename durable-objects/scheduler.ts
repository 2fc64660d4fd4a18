import { DurableObject } from "cloudflare:workers";
import { failure, type Reply, toErrorRecord } from "../src/base/errors.ts";
import { secureRandom } from "../src/base/ids.ts";
import type { Json } from "../src/base/json.ts";
import { type Config, type Env, readConfig } from "../src/config.ts";
import { createEgress } from "../src/security/egress.ts";
import { isDeclared } from "../src/security/webhooks.ts";
import { openDatabase } from "../src/storage/database.ts";
import { tellScheduler } from "../src/storage/schedulers.ts";
import { Agenda } from "./schedule/agenda.ts";
import { Crons, cronView } from "./schedule/crons.ts";
import { type PostWorld, postDue } from "./schedule/posts.ts";
import { startDue } from "./schedule/starts.ts";
import { SchedulerStore } from "./schedule/store.ts";
import * as Api from "./scheduler-api.ts";

/** Crons whose instants are looked at in one transaction. */
const BATCH = 200;
const ALARM_AGAIN_MS = 30_000;
/** A receiver that takes longer has not taken it. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * What happens to a tenant at a time, outside any thread: one object has its crons, and a few others share the webhooks of its
 * runs. The due-list is a table, the object's one alarm follows it, and the sweep stands behind the alarm.
 */
export class Scheduler extends DurableObject<Env> implements Api.SchedulerApi {
  readonly #store: SchedulerStore;
  readonly #crons: Crons;
  readonly #agenda: Agenda;

  constructor(context: DurableObjectState, env: Env, starter: Api.Starter) {
    super(context, env);
    const store = new SchedulerStore(context.storage.sql);
    const crons = new Crons(store);
    const now = () => Date.now();
    const posts = postWorld(readConfig(env), now);
    this.#store = store;
    this.#crons = crons;
    this.#agenda = new Agenda(context, store, {
      now,
      tell: (tenant, name, at) => tellScheduler(openDatabase(env.DB), tenant, name, at),
      handlers: {
        start: (due) => startDue(due, { store, crons, starter, now }),
        post: async (due) => {
          const outcome = await postDue(store.record?.tenant ?? "", due, posts);
          if (outcome.kind === "again") return outcome;
          return { kind: "done", write: () => store.due.keepPosted(due.key, now()) };
        },
      },
    });
    void context.blockConcurrencyWhile(() => this.#agenda.restore());
  }

  override async alarm(): Promise<void> {
    // Never throws: an alarm that fails seven times is gone for good (reference: reliability, finding 2).
    try {
      this.#agenda.fired();
      await this.#tick();
    } catch (thrown) {
      console.error(`An alarm of a scheduler failed and will come again: ${String(thrown)}`);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_AGAIN_MS);
    }
  }

  async createCron(cron: Api.NewCron) {
    return this.#answer(() => this.#write(cron, (now) => cronView(this.#crons.create(cron, now))));
  }

  async getCron(address: Api.CronAddress) {
    return this.#answer(() => cronView(this.#crons.find(this.#own(address))));
  }

  async patchCron(patch: Api.PatchCron) {
    return this.#answer(() => this.#write(patch, (now) => cronView(this.#crons.patch(this.#own(patch), now))));
  }

  async deleteCron(address: Api.CronAddress) {
    return this.#answer(async () => {
      this.#write(address, () => this.#crons.remove(this.#own(address)));
      // A start that is on its way arrives before this is answered, and none follows it.
      await this.#agenda.settled("start", address.cronId);
      return null;
    });
  }

  async searchCrons(query: Api.CronQuery) {
    return this.#answer(() => {
      const { crons, total } = this.#store.crons.search(query);
      return { crons: crons.map(cronView), total };
    });
  }

  async countCrons(filter: Api.CronFilter) {
    return this.#answer(() => this.#store.crons.count(filter));
  }

  async takeDelivery({ tenant, delivery }: { readonly tenant: string; readonly delivery: Api.Delivery }) {
    return this.#answer(() => {
      const body = { delivery, history: [] } as unknown as Json;
      const name = Api.webhooksName(tenant, delivery.threadId);
      this.#write({ tenant, name }, (at) => {
        const key = `${delivery.id}/${delivery.generation}`;
        if (!this.#store.due.isPosted(key)) this.#store.due.add({ kind: "post", key, at, attempts: 0, body });
      });
      return null;
    });
  }

  async touch({ tenant }: { readonly tenant: string }): Promise<number | null> {
    if (this.#store.record?.tenant !== tenant) return null;
    await this.#tick();
    return this.#store.next() ?? null;
  }

  // --- behind the door ------------------------------------------------------------------------------------------------

  /** Does what is due, and looks what is due next. */
  async #tick(): Promise<void> {
    const { record } = this.#store;
    if (record === undefined) return;
    let claimed = BATCH;
    while (claimed === BATCH) {
      claimed = this.ctx.storage.transactionSync(() => this.#crons.claim(record.tenant, Date.now(), BATCH));
      this.#agenda.perform();
      // Ten thousand crons at one minute must not keep everybody else waiting.
      await scheduler.wait(0);
    }
    this.ctx.storage.transactionSync(() => this.#agenda.arm());
  }

  #write<T>({ tenant, name }: { readonly tenant: string; readonly name?: string }, work: (now: number) => T): T {
    const done = this.ctx.storage.transactionSync(() => {
      const result = work(Date.now());
      this.#store.belong(tenant, name ?? Api.cronsName(tenant));
      this.#agenda.arm();
      return result;
    });
    this.#agenda.perform();
    return done;
  }

  /** @throws EdgewiseError `not_found` for another tenant's */
  #own<T extends Api.CronAddress>(asked: T): T {
    if (this.#store.record?.tenant !== asked.tenant)
      throw failure("not_found", `Cron with ID ${asked.cronId} not found`);
    return asked;
  }

  async #answer<T>(work: () => T | Promise<T>): Promise<Reply<T>> {
    try {
      return { ok: true, value: await work() };
    } catch (thrown) {
      const error = toErrorRecord(thrown);
      if (error.code === "internal") console.error(thrown);
      return { ok: false, error };
    }
  }
}

function postWorld({ declaredOrigins, database }: Config, now: () => number): PostWorld {
  const limits = { firstByteMs: ANSWER_WITHIN_MS, totalMs: ANSWER_WITHIN_MS };
  const egress = createEgress({ fetch, declaredOrigins, declaredLimits: limits, publicLimits: limits });
  return {
    database: openDatabase(database),
    random: secureRandom,
    now,
    send: (url, init) =>
      isDeclared(new URL(url), declaredOrigins) ? egress.declared(url, init) : egress.public(url, init),
  };
}
