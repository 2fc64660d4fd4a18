import { z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { isUuid } from "../base/ids.ts";
import { type JsonObject, isJsonObject } from "../base/json.ts";
import { OptionalJsonObject, Uuid } from "./routing.ts";

/** Checkpoints as LangGraph's clients name them: by id, by a state's `checkpoint`, or within a run's config. */
export const CheckpointBody = z
  .object({
    checkpoint_id: Uuid.nullish(),
    checkpoint_ns: z.string().max(4_000).nullish().openapi({
      description: 'Of a frame (what a composite node does inside); "" or left out: of the thread itself.',
    }),
    checkpoint_map: OptionalJsonObject.openapi({ description: "As a state has it; not looked at." }),
  })
  .openapi("Checkpoint", { description: "As a state's `checkpoint` is." });

export interface NamedCheckpoint {
  readonly checkpoint?: z.output<typeof CheckpointBody> | null | undefined;
  readonly checkpoint_id?: string | null | undefined;
  readonly config?: JsonObject | null | undefined;
}

/**
 * The id of the thread's own checkpoint that a body names, undefined where none does.
 * @throws EdgewiseError `invalid_request` where two places name different ones, `unsupported` for one of a frame
 */
export function checkpointIdOf(body: NamedCheckpoint): string | undefined {
  refuseInner(namespaceIn(body.checkpoint), "/checkpoint/checkpoint_ns");
  const [first, ...others] = namesIn(body);
  const other = others.find(({ id }) => id !== first?.id);
  if (first !== undefined && other !== undefined) {
    const text = `Two checkpoints are named: ${first.id} at ${first.pointer}, ${other.id} at ${other.pointer}. Name one.`;
    throw failure("invalid_request", text, { pointer: other.pointer });
  }
  return first?.id;
}

/** Where a body names its checkpoint, if it does. */
export function checkpointPointer(body: NamedCheckpoint): string | undefined {
  return namesIn(body)[0]?.pointer;
}

function namesIn(body: NamedCheckpoint): readonly { readonly pointer: string; readonly id: string }[] {
  const named = [
    { pointer: "/checkpoint_id", id: body.checkpoint_id },
    { pointer: "/checkpoint/checkpoint_id", id: body.checkpoint?.checkpoint_id },
    { pointer: CONFIGURED, id: configuredId(body.config) },
  ];
  return named.flatMap(({ pointer, id }) => (typeof id === "string" ? [{ pointer, id }] : []));
}

/** The frame that a checkpoint is of; undefined for the thread itself. */
export function namespaceIn(checkpoint: NamedCheckpoint["checkpoint"]): string | undefined {
  const namespace = checkpoint?.checkpoint_ns;
  return namespace === null || namespace === "" ? undefined : namespace;
}

/** @throws EdgewiseError `unsupported`: nothing is written to, or begun in, a frame from outside. */
function refuseInner(namespace: string | undefined, pointer: string): void {
  if (namespace === undefined) return;
  const text = `"${namespace}" is inside of a node: that can be read, but only the thread's own checkpoints (checkpoint_ns "") can be written to or gone on from.`;
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
