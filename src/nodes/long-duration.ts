import { z } from "zod";
import { durationMs } from "../graph/schema.ts";

/** What the longest timer is set to. */
export const LONGEST_DAYS = 366;
export const LONGEST_MS = LONGEST_DAYS * 24 * 3_600_000;
export const TOO_LONG = `A wait is at most ${LONGEST_DAYS} days.`;

/** Of what nodes wait for: people and calendars, where {@link durationMs} elsewhere is of attempts. */
export const longDuration = z
  .union([z.number().int().min(0), z.string()])
  .refine((value) => !Number.isNaN(durationMs(value)), "Write a duration such as 250ms, 30s, 5m, 2h or 7d.")
  .refine((value) => !(durationMs(value) > LONGEST_MS), TOO_LONG)
  .meta({ title: "duration" });

/** The same, or a template of one: a text with holes, whose value is a duration, or a number of milliseconds. */
export const durationOrTemplate = z
  .union([z.number().int().min(0), z.string()])
  .refine((value) => isTemplate(value) || !Number.isNaN(durationMs(value)), {
    message: "Write a duration such as 250ms, 30s, 5m, 2h or 7d, or a text with a hole, {{ … }}, that gives one.",
  })
  .refine((value) => isTemplate(value) || !(durationMs(value) > LONGEST_MS), TOO_LONG)
  .meta({ title: "duration" });

export function isTemplate(value: string | number): value is string {
  return typeof value === "string" && value.includes("{{");
}
