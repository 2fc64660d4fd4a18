import { type SQL, sql } from "drizzle-orm";
import { failure } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";

/** A statement has room for a hundred parameters. */
const MOST_CONDITIONS = 20;
const ORDERS = { $gt: sql`>`, $gte: sql`>=`, $lt: sql`<`, $lte: sql`<=` } as const;

/**
 * A filter on items' values as SQL conditions on `items.value`. Values are compared as JSON has them: numbers with numbers,
 * texts with texts, nothing with what is absent (which is unequal to everything).
 * @throws EdgewiseError `invalid_request` with a pointer into the filter
 */
export function filterConditions(filter: JsonObject): readonly SQL[] {
  const conditions = Object.entries(filter).flatMap(([key, wanted]) => conditionsOn(key, wanted));
  if (conditions.length <= MOST_CONDITIONS) return conditions;
  throw wrong([], `A filter has at most ${MOST_CONDITIONS} conditions, not ${conditions.length}.`);
}

function conditionsOn(key: string, wanted: Json): readonly SQL[] {
  if (!isJsonObject(wanted) || !Object.keys(wanted).some((name) => name.startsWith("$"))) {
    return [some(key, equal(wanted))];
  }
  return Object.entries(wanted).map(([operator, value]) => {
    if (operator === "$eq") return some(key, equal(value));
    if (operator === "$ne") return sql`not ${some(key, equal(value))}`;
    if (isOrder(operator)) return some(key, ordered(operator, value, key));
    const known = ["$eq", "$ne", ...Object.keys(ORDERS)].join(", ");
    throw wrong([key, operator], `"${operator.slice(0, 40)}" is no operator of filters; these are: ${known}.`);
  });
}

function isOrder(operator: string): operator is keyof typeof ORDERS {
  return Object.hasOwn(ORDERS, operator);
}

function some(key: string, condition: SQL): SQL {
  return sql`exists (select 1 from json_each(items.value) as member where member.key = ${key} and ${condition})`;
}

function equal(value: Json): SQL {
  if (value === null || typeof value === "boolean") return sql`member.type = ${String(value)}`;
  if (typeof value === "number") return sql`member.type in ('integer', 'real') and member.atom = ${value}`;
  if (typeof value === "string") return sql`member.type = 'text' and member.atom = ${value}`;
  return sql`member.type in ('array', 'object') and member.value = ${JSON.stringify(value)}`;
}

function ordered(operator: keyof typeof ORDERS, value: Json, key: string): SQL {
  const order = ORDERS[operator];
  if (typeof value === "number") return sql`member.type in ('integer', 'real') and member.atom ${order} ${value}`;
  if (typeof value === "string") return sql`member.type = 'text' and member.atom ${order} ${value}`;
  throw wrong([key, operator], `${operator} compares with a number or a text.`);
}

function wrong(path: readonly string[], message: string) {
  return failure("invalid_request", message, { pointer: toPointer(["filter", ...path]) });
}
