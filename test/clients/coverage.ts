import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import { CASES } from "./cases/all.ts";
import { CONTRACT, isMethod, promises, type Version } from "./contract.ts";

/** Methods of the client that contract.ts does not name, found by looking at its classes. */
export function unknownMethods(version: Version): readonly string[] {
  const Client = version === "1.15.0" ? Client1 : (Client2 as unknown as typeof Client1);
  const client = new Client({ apiUrl: "http://127.0.0.1:1" }) as unknown as Record<string, object>;
  return Object.entries(client).flatMap(([resource, methods]) => {
    if (typeof methods !== "object" || methods === null) return [];
    return Object.getOwnPropertyNames(Object.getPrototypeOf(methods))
      .filter((name) => name !== "constructor")
      .map((name) => `${resource}.${name}`)
      .filter((method) => !(method in CONTRACT));
  });
}

/** What is played elsewhere than in a case: by RemoteGraph, a browser, a proxy. */
const ELSEWHERE = /^(RemoteGraph|useStream|agent-chat-ui|a stream that is cut:(reconnect|kill -9)$)/;

/** Promises of contract.ts that no case is about. */
export function unproved(): readonly string[] {
  const about = new Set(CASES.flatMap((one) => one.about));
  return promises().filter((promise) => !about.has(promise) && !ELSEWHERE.test(promise));
}

/** What cases are about and contract.ts does not promise. */
export function unpromised(): readonly string[] {
  const known = new Set(promises());
  return CASES.flatMap((one) => one.about).filter((promise) => !known.has(promise) && !isMethod(promise));
}
