import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";

/** D1 through drizzle. Every query of this folder takes the tenant first, right after the database. */
export type Database = DrizzleD1Database;

export function openDatabase(binding: D1Database): Database {
  return drizzle(binding);
}
