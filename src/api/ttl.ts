import { z } from "@hono/zod-openapi";
import type { TimeToLive } from "../../durable-objects/thread-api.ts";

/** Ten years, in minutes. */
const MOST_MINUTES = 5_256_000;
const Minutes = z.number().positive().max(MOST_MINUTES);

/** How long a thread is kept when nothing happens to it. */
export const Ttl = z
  .union(
    [Minutes, z.object({ ttl: Minutes, strategy: z.enum(["delete"]).nullish() })],
    `must be minutes above 0 and up to ${MOST_MINUTES}, or {ttl, strategy: "delete"}`,
  )
  .openapi({
    description: "Minutes, or `{ttl, strategy}`: the thread is erased when nothing has happened to it for so long.",
    example: { ttl: 43_200, strategy: "delete" },
  });

export function toTtl(ttl: z.output<typeof Ttl>): TimeToLive {
  const minutes = typeof ttl === "number" ? ttl : ttl.ttl;
  return { ms: Math.ceil(minutes * 60_000), strategy: "delete" };
}
