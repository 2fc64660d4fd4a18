import { type SQL, sql } from "drizzle-orm";
import type { JsonObject } from "../base/json.ts";

/**
 * Whether the JSON object in a column holds all of `wanted`: every key equal, objects within compared the same way, lists as a
 * whole. One parameter whatever is asked, and no key is ever part of the statement's text.
 */
export function contains(column: SQL, wanted: JsonObject): SQL {
  return sql`not exists (
    select 1 from json_tree(${JSON.stringify(wanted)}) as wanted
    where wanted.parent is not null and not exists (
      select 1 from json_tree(${column}) as found
      where found.fullkey = wanted.fullkey and found.key is wanted.key and found.type = wanted.type
        and (found.type = 'object' or found.value is wanted.value)))`;
}
