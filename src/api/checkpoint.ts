import { z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { isUuid } from "../base/ids.ts";
import { type JsonObject, isJsonObject } from "../base/json.ts";
import { Uuid } from "./routing.ts";

/** Checkpoints as LangGraph's clients name them: by id, by a state's `checkpoint`, or within a run's config. */
export const CheckpointBody = z
  .object({ checkpoint_id: Uuid.nullish(), checkpoint_ns: z.string().nullish() })
  .openapi("Checkpoint", { description: "As a state's `checkpoint` is; only its id counts." });

export interface NamedCheckpoint {
  readonly checkpoint?: z.output<typeof CheckpointBody> | null | undefined;
  readonly checkpoint_id?: string | null | undefined;
  readonly config?: JsonObject | null | undefined;
}

/**
 * The id that a body names, undefined where none does.
 * @throws EdgewiseError `invalid_request` where two places name different ones, `unsupported` for a checkpoint inside a subgraph.
 */
export function checkpointIdOf(body: NamedCheckpoint): string | undefined {
  const { checkpoint, checkpoint_id: plain } = body;
  refuseInner(checkpoint?.checkpoint_ns, "/checkpoint/checkpoint_ns");
  const named = [
    ["/checkpoint_id", plain],
    ["/checkpoint/checkpoint_id", checkpoint?.checkpoint_id],
    [CONFIGURED, configuredId(body.config)],
  ].flatMap(([pointer, id]) => (typeof id === "string" ? [{ pointer, id }] : []));
  const [first, ...others] = named;
  const other = others.find(({ id }) => id !== first?.id);
  if (other !== undefined) {
    const text = `Two checkpoints are named: ${first?.id} at ${first?.pointer}, ${other.id} at ${other.pointer}. Name one.`;
    throw failure("invalid_request", text, { pointer: other.pointer ?? "" });
  }
  return first?.id;
}

/** @throws EdgewiseError `unsupported`: what a composite does inside has no state of its own to look at. */
export function refuseInner(namespace: string | null | undefined, pointer: string): void {
  if (namespace === undefined || namespace === null || namespace === "") return;
  const text = `States inside of a node ("${namespace}") are not offered; only a thread's own are, whose checkpoint_ns is "".`;
  throw failure("unsupported", text, { pointer });
}

const CONFIGURED = "/config/configurable/checkpoint_id";

function configuredId(config: JsonObject | null | undefined): string | undefined {
  const configurable = config?.["configurable"];
  const id = isJsonObject(configurable) ? configurable["checkpoint_id"] : undefined;
  if (id === undefined || id === null || id === "") return undefined;
  if (typeof id !== "string" || !isUuid(id)) {
    throw failure("invalid_request", "A checkpoint's id is a UUID, as a state's `checkpoint` says it.", {
      pointer: CONFIGURED,
    });
  }
  return id.toLowerCase();
}
