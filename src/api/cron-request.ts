import { z } from "@hono/zod-openapi";
import { CRON_ORDERS, type CronFilter, type CronQuery, type CronTerms } from "../../durable-objects/scheduler-api.ts";
import { isUuid } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { assistantIdOf, parseAssistantId } from "./assistant-id.ts";
import { JsonObjectSchema, NullableJsonObject, FilterObject, Uuid } from "./routing.ts";
import { RunCreate } from "./run-request.ts";

/** What requests say of crons: a run's body, and when. */

const schedule = z.string().min(1).openapi({
  description: "Cron of five fields: minute, hour, day of month, month, day of week; or `@daily` and its like.",
  example: "0 9 * * 1-5",
});
const terms = {
  timezone: z.string().nullish().openapi({ description: "IANA, such as `Europe/Berlin`; UTC if left out." }),
  end_time: z.iso
    .datetime({ offset: true, local: true })
    .nullish()
    .openapi({ description: "No run after it. Without an offset: UTC." }),
  enabled: z.boolean().nullish(),
  on_run_completed: z.enum(["delete", "keep"]).nullish().openapi({
    description: "Of a cron without a thread: `delete` (default) or `keep` the thread that each of its runs gets.",
  }),
};

export const CronCreate = RunCreate.extend({ schedule, ...terms }).openapi("CronCreate");
export type CronCreate = z.output<typeof CronCreate>;
export const CronPatch = RunCreate.partial()
  .extend({ schedule: schedule.nullish(), ...terms })
  .openapi("CronPatch");
export type CronPatch = z.output<typeof CronPatch>;

const OF_THE_CRON = ["schedule", "timezone", "end_time", "enabled", "on_run_completed"] as const;

/** The run's part of a body, as it was sent. */
export function payloadOf(body: CronPatch): JsonObject {
  const rest = { ...body };
  for (const field of OF_THE_CRON) delete rest[field];
  // Parsed by parseJson, so it is JSON; members that were not sent are left out.
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}

/** What a body says of the cron itself; absent members are not said. */
export function termsOf({ schedule, timezone, end_time, enabled, on_run_completed, metadata }: CronPatch) {
  const said: Partial<Omit<CronTerms, "payload">> = {
    ...(schedule ? { schedule } : {}),
    ...(timezone === undefined ? {} : { timezone }),
    ...(end_time === undefined ? {} : { endTime: end_time === null ? null : instantOf(end_time) }),
    ...(typeof enabled === "boolean" ? { enabled } : {}),
    ...(on_run_completed ? { onRunCompleted: on_run_completed } : {}),
    ...(metadata ? { metadata } : {}),
  };
  return said;
}

function instantOf(text: string): number {
  return Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
}

const filter = {
  assistant_id: z.string().max(512).nullish(),
  thread_id: Uuid.nullish(),
  metadata: FilterObject.openapi({ description: "All of it is in the cron's metadata." }),
};
export const CronSearch = z.object({
  ...filter,
  enabled: z.boolean().nullish(),
  limit: z.int().min(1).max(1_000).nullish(),
  offset: z.int().min(0).max(1_000_000).nullish(),
  sort_by: z.enum(CRON_ORDERS).nullish(),
  sort_order: z.enum(["asc", "desc"]).nullish(),
  select: z.array(z.string()).nullish().openapi({ description: "Members to answer; all if left out." }),
});
export type CronSearch = z.output<typeof CronSearch>;
export const CronCount = z.object(filter);

export function filterOf(tenant: string, asked: Partial<CronSearch>): CronFilter {
  const { assistant_id: assistant, thread_id: threadId, metadata, enabled } = asked;
  return {
    tenant,
    ...(assistant ? { assistantId: idOf(assistant) } : {}),
    ...(threadId ? { threadId } : {}),
    ...(typeof enabled === "boolean" ? { enabled } : {}),
    ...(metadata && Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** A graph's id stands for its system assistant. */
function idOf(assistant: string): string {
  const { name } = parseAssistantId(assistant);
  return isUuid(name) ? name.toLowerCase() : assistantIdOf(name);
}

export function queryOf(tenant: string, asked: CronSearch): CronQuery {
  return {
    ...filterOf(tenant, asked),
    limit: asked.limit ?? 10,
    offset: asked.offset ?? 0,
    sortBy: asked.sort_by ?? "created_at",
    sortOrder: asked.sort_order ?? "desc",
  };
}

const time = z.iso.datetime();
export const Cron = z
  .object({
    cron_id: Uuid,
    assistant_id: z.string(),
    thread_id: z.string().nullable(),
    schedule: z.string(),
    timezone: z.string().nullable(),
    end_time: time.nullable(),
    next_run_date: time.nullable().openapi({ description: "null: not enabled, or past its end." }),
    enabled: z.boolean(),
    on_run_completed: z.enum(["delete", "keep"]),
    payload: JsonObjectSchema,
    metadata: JsonObjectSchema,
    user_id: z.string().nullable().openapi({ description: "The id of the API key that made it." }),
    created_at: time,
    updated_at: time,
    last_run_id: z.string().nullable(),
    last_run_date: time.nullable().openapi({ description: "The newest time of the schedule that was come by." }),
    last_error: NullableJsonObject.openapi({ description: "Why that time has no run: `code`, `message`." }),
  })
  .openapi("Cron");
