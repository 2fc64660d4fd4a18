import { failure } from "../../base/errors.ts";
import type { ChatCall, ChatEvent, ModelIo, ModelProvider } from "../contract.ts";
import { chatExtractive } from "./extractive/extractive.ts";
import { chatScripted } from "./scripted.ts";

type Chat = (call: ChatCall, io: ModelIo) => AsyncIterable<ChatEvent>;

const MODELS: Readonly<Record<string, Chat>> = { extractive: chatExtractive, scripted: chatScripted };

export const BUILTIN_MODELS: readonly string[] = Object.keys(MODELS);

/** The models that are part of this repository: no key, no network, no cost. */
export const builtin: ModelProvider = {
  contract: 1,
  name: "builtin",
  chat(call, io) {
    const chat = Object.hasOwn(MODELS, call.model) ? MODELS[call.model] : undefined;
    if (chat) return chat(call, io);
    throw failure("unknown_model", `There is no model builtin/${call.model}; there are ${BUILTIN_MODELS.join(", ")}.`);
  },
};
