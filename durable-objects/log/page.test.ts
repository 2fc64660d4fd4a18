import { describe, expect, it } from "vitest";
import { PAGE_LENGTH, pageOf } from "./page.ts";

const rows = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("a page", () => {
  it("of fewer rows than it has room for is whole, and one that is full may have more after it", () => {
    const light = (row: number) => ({ item: row, weight: 1 });
    expect(pageOf(rows(PAGE_LENGTH - 1), light).isCut).toBe(false);
    expect(pageOf(rows(PAGE_LENGTH), light)).toEqual({ items: rows(PAGE_LENGTH), isCut: true });
    expect(pageOf([], light)).toEqual({ items: [], isCut: false });
  });

  it("ends with the row that makes it heavy, reads none beyond it, and has one row at least", () => {
    const read: number[] = [];
    const heavy = (row: number) => {
      read.push(row);
      return { item: row, weight: 600 * 1024 };
    };
    expect(pageOf(rows(9), heavy)).toEqual({ items: [0, 1], isCut: true });
    expect(read).toEqual([0, 1]);
    expect(pageOf([7], () => ({ item: 7, weight: 2 ** 30 }))).toEqual({ items: [7], isCut: true });
  });
});
