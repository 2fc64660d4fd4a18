import { type SQL, sql } from "drizzle-orm";

/** In a prefix or suffix: any one part. */
export const ANY = "*";

/**
 * The range of the primary key in which the namespaces below a prefix stand, the prefix itself among them. They are kept as JSON
 * texts: behind `["a"` comes either `,` or `]`, and nothing else between the two begins so.
 */
export function namespaceRange(prefix: readonly string[]): { readonly from: string; readonly to: string } {
  if (prefix.length === 0) return { from: "[", to: "\\" };
  const begun = JSON.stringify(prefix).slice(0, -1);
  return { from: `${begun},`, to: `${begun}]` };
}

/** The parts before the first that may be anything. */
export function literalHead(prefix: readonly string[]): readonly string[] {
  const first = prefix.indexOf(ANY);
  return first < 0 ? prefix : prefix.slice(0, first);
}

/** Whether a namespace, as JSON text in a column, begins and ends so. */
export function namespaceConditions(column: SQL, prefix: readonly string[], suffix: readonly string[]): readonly SQL[] {
  const part = (path: string, wanted: string) => sql`json_extract(${column}, ${path}) = ${wanted}`;
  const shortest = Math.max(prefix.length, suffix.length);
  return [
    sql`json_array_length(${column}) >= ${shortest}`,
    ...prefix.flatMap((wanted, index) => (wanted === ANY ? [] : [part(`$[${index}]`, wanted)])),
    ...suffix.flatMap((wanted, index) => (wanted === ANY ? [] : [part(`$[#-${suffix.length - index}]`, wanted)])),
  ];
}
