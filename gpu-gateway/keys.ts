import { hash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type GatewayConfig, type KeyConfig, matches } from "./config.ts";
import { Problem } from "./problem.ts";

/** Who asks, and what they may. */
export type Caller = Pick<KeyConfig, "name" | "tenant" | "models" | "weight" | "admin">;

/** Where there is no key: everybody who reaches the door, which is on loopback then. */
const ANYBODY: Caller = { name: "open", tenant: "open", models: ["*"], weight: 1, admin: true };

/** Keys by their hash: the file has no key, and neither does a log. */
export class Keys {
  readonly #byHash: ReadonlyMap<string, Caller>;

  constructor({ keys }: Pick<GatewayConfig, "keys">) {
    this.#byHash = new Map(keys.map((key) => [key.sha256, key]));
  }

  /** @throws Problem `unauthorized` */
  callerOf(headers: IncomingHttpHeaders): Caller {
    if (this.#byHash.size === 0) return ANYBODY;
    const key = keyOf(headers);
    const caller = key === undefined ? undefined : this.#byHash.get(hash("sha256", key));
    if (caller !== undefined) return caller;
    throw new Problem(
      "unauthorized",
      key === undefined ? "A key is needed: `Authorization: Bearer <key>`." : "The key is not known here.",
    );
  }
}

/** @throws Problem `model_not_allowed` */
export function refuseModel({ models, name }: Caller, model: string): void {
  if (!matches(models, model)) throw new Problem("model_not_allowed", `The key "${name}" may not use "${model}".`);
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  const other = headers["x-api-key"];
  return bearer ?? (typeof other === "string" ? other : undefined);
}

/** A new key, and what the file keeps of it. */
export function makeKey(): { readonly key: string; readonly sha256: string } {
  const key = `gw_${randomBytes(24).toString("base64url")}`;
  return { key, sha256: hash("sha256", key) };
}
