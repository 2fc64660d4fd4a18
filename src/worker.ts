import { createApp } from "./api/app.ts";
import { type Env, readConfig } from "./config.ts";
import { sweep } from "./sweep.ts";

export { Thread } from "../durable-objects/thread.ts";

const app = createApp();

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  scheduled: (controller, env) => sweep(readConfig(env), controller.cron, controller.scheduledTime),
} satisfies ExportedHandler<Env>;
