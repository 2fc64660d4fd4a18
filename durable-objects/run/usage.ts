import type { RunUsage } from "../log/rows.ts";

export function addUsage(total: RunUsage | null, more: RunUsage): RunUsage {
  const { inputTokens, outputTokens, unit, costUsd } = more;
  if (!total) return { inputTokens, outputTokens, unit, costUsd };
  return {
    inputTokens: total.inputTokens + inputTokens,
    outputTokens: total.outputTokens + outputTokens,
    unit: total.unit === unit ? unit : "mixed",
    costUsd: total.costUsd === null || costUsd === null ? null : total.costUsd + costUsd,
  };
}
