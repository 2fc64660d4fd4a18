import type { Json } from "../base/json.ts";
import type { ToolCall } from "./contract.ts";
import { badReply } from "./errors.ts";

/** A tool call whose arguments came as text. No text means no arguments. */
export function toToolCall(
  model: string,
  raw: { readonly id: string; readonly name: string; readonly args: string },
): ToolCall {
  if (!raw.name) throw badReply(model, "called a tool without a name");
  return { id: raw.id, name: raw.name, args: parseArguments(model, raw) };
}

function parseArguments(model: string, { name, args }: { readonly name: string; readonly args: string }): Json {
  if (args.trim() === "") return {};
  try {
    const parsed: Json = JSON.parse(args);
    return parsed;
  } catch {
    throw badReply(model, `called the tool "${name}" with arguments that are not JSON`);
  }
}
