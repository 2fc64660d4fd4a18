import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

/** So many steps one after the other, each of which takes its time. */
interface Work {
  readonly chain: number;
  readonly delayMs?: number;
}

/** Instances that somebody waits for in this isolate. Asking each for its status would cost more than they do. */
const ends = new Map<string, () => void>();

export class Steps extends WorkflowEntrypoint<Env, Work> {
  override async run({ payload, instanceId }: WorkflowEvent<Work>, step: WorkflowStep): Promise<number> {
    const { chain, delayMs = 0 } = payload;
    for (let index = 0; index < chain; index++) {
      await step.do(`step ${index}`, async () => {
        if (delayMs > 0) await scheduler.wait(delayMs);
        return index;
      });
    }
    ends.get(instanceId)?.();
    ends.delete(instanceId);
    return chain;
  }
}

interface Env {
  readonly STEPS: Workflow<Work>;
}

export default {
  async fetch(request, env) {
    const id = crypto.randomUUID();
    const ended = new Promise<void>((resolve) => ends.set(id, resolve));
    await env.STEPS.create({ id, params: (await request.json()) as Work });
    // A request that waits for nothing but another's word counts as hung: so it has a timer, which says nothing.
    while ((await Promise.race([ended.then(() => true), scheduler.wait(1_000)])) !== true);
    return Response.json(id);
  },
} satisfies ExportedHandler<Env>;
