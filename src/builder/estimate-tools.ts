import type { Json } from "../base/json.ts";
import type { Scope } from "../graph/plan.ts";
import type { Models } from "../models/contract.ts";
import { estimateCall } from "../models/estimate.ts";
import type { Estimate } from "../nodes/contract.ts";
import { known, type Question } from "./node-tools.ts";

/** What a kind may look at that says what an attempt will use. */
export interface EstimateTools {
  /** Of the channels that the definition, or a `channel("reads")` of its configuration, names. Absent: undefined. */
  readonly state: { readonly read: (channel: string) => Json | undefined };
  /** The payload of the send that activated the task, if there was one. */
  readonly payload: Json | undefined;
  readonly models: {
    /** What asking this may use at most. @throws EdgewiseError `unknown_model` */
    readonly estimate: (question: Question) => Estimate;
  };
}

/** @param reads channels that `state.read` may be asked for */
export function estimateTools(scope: Scope, models: Models, reads: ReadonlySet<string>): EstimateTools {
  return {
    state: { read: (channel) => scope.read(known(channel, reads, "")) },
    payload: scope.payload,
    models: {
      estimate({ model: reference = "default", ...call }) {
        const { provider, model } = models.resolve(reference);
        const { inputTokens, outputTokens, costUsd } = estimateCall(`${provider.name}/${model}`, call);
        return { tokens: inputTokens + outputTokens, costUsd };
      },
    },
  };
}
