import { isJsonObject } from "../../base/json.ts";
import type { JsonObject } from "../../base/json.ts";
import { Problems } from "../problems.ts";
import type { Found } from "../problems.ts";
import { FORMAT } from "../schema.ts";
import { editText } from "../text/edit.ts";
import { readSource } from "../text/read.ts";

/** One step from a format version to the next. Pure; takes any mapping that claims its version, valid or not. */
export interface Upgrade {
  readonly from: number;
  readonly to: number;
  /** What changes, for people: a sentence. */
  readonly says: string;
  apply(document: JsonObject): JsonObject;
}

export type AppliedUpgrade = Pick<Upgrade, "from" | "to" | "says">;

export type Upgraded =
  | { readonly document: JsonObject; readonly applied: readonly AppliedUpgrade[] }
  | { readonly problem: Found };

/** From every format that was ever published to the newest. Format 1 is the only one yet. */
export const UPGRADES: readonly Upgrade[] = [];

/**
 * Brings a document to the newest format this deployment knows. One without a proper version is left as it is, for the
 * schema to refuse; one of a newer format is a problem. Never throws.
 */
export function upgradeDocument(document: JsonObject, chain: readonly Upgrade[] = UPGRADES): Upgraded {
  const newest = chain.at(-1)?.to ?? FORMAT;
  const version = document["edgewise"];
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1) return { document, applied: [] };
  if (version > newest) return { problem: newerFormat(version, newest) };
  const applied: AppliedUpgrade[] = [];
  let upgraded = document;
  for (const upgrade of chain) {
    const { from, to, says } = upgrade;
    if (from !== upgraded["edgewise"]) continue;
    try {
      upgraded = withVersion(upgrade.apply(upgraded), to);
    } catch {
      return { problem: upgradeFailed(from, to) };
    }
    applied.push({ from, to, says });
  }
  return { document: upgraded, applied };
}

/** The same document under another version, which stands where it stood. */
function withVersion(document: JsonObject, version: number): JsonObject {
  return { ...document, edgewise: version };
}

function newerFormat(version: number, newest: number): Found {
  const known = newest === 1 ? "format 1" : `formats 1 to ${newest}`;
  return {
    code: "newer_format",
    message: `This document is of format ${version}; this deployment knows ${known}.`,
    path: ["edgewise"],
    hint: `Update Edgewise, or write the document in format ${newest}.`,
  };
}

function upgradeFailed(from: number, to: number): Found {
  return {
    code: "upgrade_failed",
    message: `This document of format ${from} could not be brought to format ${to}.`,
    path: ["edgewise"],
    hint: `Check it against format ${from}, or write it in format ${to}.`,
  };
}

export type UpgradedText =
  | { readonly text: string; readonly applied: readonly AppliedUpgrade[] }
  | { readonly problem: Found };

/**
 * The same for a document's text: what an upgrade does not change keeps its bytes. A text that cannot be read, or is no
 * mapping, is left as it is.
 */
export function upgradeText(text: string, type: "yaml" | "json", chain: readonly Upgrade[] = UPGRADES): UpgradedText {
  const source = { text, type };
  const problems = new Problems();
  const value = readSource(source, problems)?.value;
  if (problems.failed || !isJsonObject(value)) return { text, applied: [] };
  const upgraded = upgradeDocument(value, chain);
  if ("problem" in upgraded) return upgraded;
  if (upgraded.applied.length === 0) return { text, applied: [] };
  return { text: editText(text, type, upgraded.document), applied: upgraded.applied };
}
