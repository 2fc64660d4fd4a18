import type { JsonObject } from "../base/json.ts";
import type { ChatCall, ChatMessage } from "./contract.ts";

/** A schema said in words: for what a provider cannot be told otherwise, and for asking again. */
export function schemaInstruction(schema: JsonObject): string {
  return `Answer with one JSON value and nothing else: no other text, no code fence. It must fit this JSON Schema:\n${JSON.stringify(schema)}`;
}

/**
 * The call's messages, with the schema it asks for as (the end of) the first system message.
 * One system message, because some models' templates take no second.
 */
export function withSchemaInstruction({ messages, responseSchema }: ChatCall): readonly ChatMessage[] {
  if (responseSchema === undefined) return messages;
  const said = schemaInstruction(responseSchema.schema);
  const at = messages.findIndex(({ role }) => role === "system");
  if (at === -1) return [{ role: "system", content: said }, ...messages];
  return messages.map((message, index) =>
    index === at ? { ...message, content: `${message.content}\n\n${said}` } : message,
  );
}
