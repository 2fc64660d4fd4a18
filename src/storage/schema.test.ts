import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import * as schema from "./schema.ts";

const tables = Object.values(schema)
  .filter((value) => value instanceof SQLiteTable)
  .map(getTableConfig);

describe.each(tables.map((table) => [table.name, table] as const))("table %s", (_, table) => {
  const keys = table.primaryKeys.map((key) => key.columns.map((column) => column.name));
  const unique = [
    ...table.uniqueConstraints.map((constraint) => constraint.columns.map((column) => column.name)),
    ...table.indexes
      .filter(({ config }) => config.unique)
      .map(({ config }) => config.columns.map((column) => ("name" in column ? column.name : undefined))),
  ];
  it("has one primary key of several columns, and no column that is a key alone", () => {
    expect(keys).toHaveLength(1);
    expect(table.columns.filter((column) => column.primary || column.isUnique)).toEqual([]);
  });
  it("[property 10, G14] begins every primary and unique key with the tenant", () => {
    expect([...keys, ...unique].map((columns) => columns[0])).toEqual([...keys, ...unique].map(() => "tenant"));
  });
});

it("there are tables to look at", () => {
  expect(tables.length).toBeGreaterThanOrEqual(4);
});
