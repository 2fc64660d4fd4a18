import { uuidv5 } from "../../src/base/ids.ts";
import { Random } from "../../src/engine/testing/random.ts";
import { cacheKey, objectName } from "../../src/security/tenant.ts";
import type { Signal } from "../../durable-objects/log/entry.ts";
import { frameOf, isInside, rootTaskOf } from "../../durable-objects/log/places.ts";
import { questionId } from "../../durable-objects/run/questions.ts";
import { Waits } from "../../durable-objects/run/waits.ts";
import { taskUuid } from "../../durable-objects/view/identity.ts";
import { Fault, type Found } from "./property.ts";

/** Separators, escapes, case, normal forms, NUL, lone surrogates, and what looks like an encoding of them. */
const PIECES = [
  ".",
  "_",
  "-",
  "~",
  "~002e",
  "~007e",
  "2e",
  "%2e",
  "/",
  ":",
  "#",
  "[",
  "]",
  "[0]",
  "\0",
  " ",
  ",",
  '"',
  "\\",
  "null",
  "a",
  "A",
  "b",
  "\u00e9",
  "e\u0301",
  "\u00df",
  "ss",
  "\ud800",
  "\udc00",
  "\ufffd",
  "\ud83d\ude00",
  "thread",
  "key",
  "__proto__",
  "",
];

type Parts = readonly string[];

function textOf(random: Random): string {
  return Array.from({ length: random.below(4) }, () => random.pick(PIECES) ?? "").join("");
}

/** Other parts that a careless encoding would take for these: a piece moves over a border, or is spelled otherwise. */
function rivalOf(random: Random, parts: Parts): Parts {
  const all = parts.join(random.pick([".", "_", ":", "#", "/", "~", ""]) ?? "");
  switch (random.below(4)) {
    case 0: {
      const cut = random.below(all.length + 1);
      const second = cut + random.below(all.length - cut + 1);
      return [all.slice(0, cut), all.slice(cut, second), all.slice(second)].slice(0, parts.length);
    }
    case 1:
      return parts.map((part) => (random.chance(0.5) ? part.toLowerCase() : part.normalize("NFC")));
    case 2:
      return parts.map((part) => part.replaceAll("~002e", ".").replaceAll("\ud800", "\ufffd"));
    default:
      return parts.map(() => textOf(random));
  }
}

/** Every encoding of several names into one: equal exactly when all of them are. */
const ENCODINGS: readonly { readonly name: string; readonly parts: number; encode: (parts: Parts) => string }[] = [
  { name: "object names", parts: 3, encode: ([tenant = "", kind = "", id = ""]) => objectName(tenant, kind, id) },
  { name: "cache keys", parts: 3, encode: ([tenant = "", kind = "", ...rest]) => cacheKey(tenant, kind, ...rest) },
  { name: "question ids", parts: 2, encode: ([run = "", key = ""]) => questionId(uuidOf(run), "0.0.0", key) },
];

/** 10: names of objects, cache entries, questions, signals, tasks and frames are equal only where all that they name is. */
export function injective(pairs: number, seed = 0): Found {
  const random = new Random("keys", seed);
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const { name, parts, encode } of ENCODINGS) {
      const one = Array.from({ length: parts }, () => textOf(random));
      const other = rivalOf(random, one);
      const same = one.length === other.length && one.every((part, index) => part === other[index]);
      if ((encode(one) === encode(other)) !== same)
        throw new Fault(`${name}: ${JSON.stringify([one, other])}${same ? " are the same" : " are not the same"}`);
    }
    signalsMeet(random);
    tasksMeet(random);
  }
  return { cases: pairs * (ENCODINGS.length + 2) };
}

/** A signal ends a wait of its own name and key, and no other. */
function signalsMeet(random: Random): void {
  const name = textOf(random);
  const key = random.chance(0.3) ? null : textOf(random);
  const rival = rivalOf(random, [name, key ?? "null"]);
  const other = { name: rival[0] ?? "", key: random.chance(0.2) ? null : (rival[1] ?? "") };
  const waits = new Waits();
  const signal: Signal = { id: "s", ...other, payload: null };
  waits.apply({ type: "task-waiting", task: "0.0.0", until: null, signal: { name, key } }, 1, "r");
  waits.apply({ type: "signal-received", signal }, 1, "r");
  const same = other.name === name && other.key === key;
  if (waits.over(2).length > 0 !== same)
    throw new Fault(`a signal ${JSON.stringify(other)} at a wait for ${JSON.stringify({ name, key })}`);
}

interface Place {
  readonly id: string;
  readonly frames: readonly { readonly composite: string; readonly frame: number }[];
}

function placeOf(random: Random): Place {
  const task = () => `${random.below(12)}.${random.below(12)}.${random.below(3)}`;
  let id = task();
  const frames: Place["frames"][number][] = [];
  for (let depth = random.below(4); depth > 0; depth -= 1) {
    const frame = random.below(12);
    frames.push({ composite: id, frame });
    id = `${id}[${frame}]/${task()}`;
  }
  return { id, frames };
}

/** A task's name says where it is, and is nobody else's. */
function tasksMeet(random: Random): void {
  const [one, other] = [placeOf(random), placeOf(random)];
  const around = one.frames.at(-1);
  const found = frameOf(one.id);
  if (found?.composite !== around?.composite || found?.frame !== around?.frame)
    throw new Fault(`${one.id} is in no frame of ${around?.composite}`);
  if (rootTaskOf(one.id) !== (one.frames[0]?.composite ?? one.id)) throw new Fault(`the root of ${one.id}`);
  const inside = one.frames.some(({ composite }) => composite === other.id);
  if (isInside(one.id, other.id) !== inside) throw new Fault(`whether ${one.id} is inside ${other.id}`);
  const run = uuidOf("run");
  if ((taskUuid(run, one.id) === taskUuid(run, other.id)) !== (one.id === other.id))
    throw new Fault(`${one.id} and ${other.id} have one id outside`);
}

/** Runs are told apart by UUIDs already: of equal texts only. */
function uuidOf(text: string): string {
  return uuidv5(JSON.stringify(text), "00000000-0000-7000-8000-000000000000");
}
