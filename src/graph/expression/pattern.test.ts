import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern } from "./pattern.ts";
import type { Matcher } from "./pattern.ts";

function occurs(pattern: string, text: string): boolean {
  return compilePattern(pattern).occursIn(text, () => undefined);
}

function steps(pattern: string, text: string): number {
  let sum = 0;
  compilePattern(pattern).occursIn(text, (count) => {
    sum += count;
  });
  return sum;
}

describe("patterns", () => {
  it.each<[pattern: string, text: string, found: boolean]>([
    ["", "", true],
    ["b", "abc", true],
    ["^b", "abc", false],
    ["c$", "abc", true],
    ["^$", "", true],
    ["^\\s\\cA\\0$", "\u2003\u0001\u0000", true],
    ["(?i)[^b]", "B", false],
    ["(?i)[X-b]+$", "xyzAB", true],
    ["a.c", "abc", true],
    ["a.c", "a\nc", false],
    ["(?s)a.c", "a\nc", true],
    ["(?i)HELLO", "hello", true],
    ["(?i)[a-c]x", "BX", true],
    ["[^a-c]", "abc", false],
    ["[]a]", "]", true],
    ["[a-]", "-", true],
    ["[\\d_]+x", "1_2x", true],
    ["\\bword\\b", "a word!", true],
    ["\\Bord", "a word", true],
    ["^(?:ab|c)+?$", "abcab", true],
    ["^a{2}$", "aaa", false],
    ["^a{2,}$", "aaa", true],
    ["^a{1,2}$", "aaa", false],
    ["^a{,2}$", "a{,2}", true],
    ["^😀.$", "😀😀", true],
    ["\\x41\\u0042", "AB", true],
    ["\\$\\.", "$.", true],
    ["(a|b|)c", "c", true],
    ["(|a)+b", "aab", true],
  ])("%s in %j: %j", (pattern, text, found) => {
    expect(occurs(pattern, text)).toBe(found);
  });

  it("agrees with the platform's on what both understand", () => {
    const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\d", "^", "$", "\\b");
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        atom,
        fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `${one}${other}`),
        fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(?:${one}|${other})`),
        fc
          .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "*?"))
          .map(([one, times]) => `(?:${one})${times}`),
      ),
    }));
    const text = fc.string({ unit: fc.constantFrom("a", "b", "1", " ", "é"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        expect(occurs(source, subject)).toBe(new RegExp(source, "u").test(subject));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    "(a+)+$",
    "(a|a)*b",
    "(a|aa)+$",
    "(.*)*x",
    "(a*)*b",
    "(?:a?){20}a{20}",
    "([a-z]+)*[0-9]",
    "(x+x+)+y",
    "^(a|b|ab)*c$",
  ])("%s costs in proportion to the text", (pattern) => {
    const [short, long] = [steps(pattern, "a".repeat(1_000)), steps(pattern, "a".repeat(4_000))];
    expect(long).toBeLessThan(short * 4.5);
    expect(long).toBeLessThan(4_000);
  });

  it.each(["error", "^[a-z ]*$", "(?i)warn(ing)?", "\\bx\\b", "[^@]+@[^@]+\\.[a-z]+$", "\\d+$"])(
    "%s over 100,000 characters takes a small part of the fuel",
    (pattern) => {
      expect(steps(pattern, "lorem ipsum dolor ".repeat(5_556))).toBeLessThan(5_000);
      expect(steps(pattern, "größe 中文 ".repeat(12_500))).toBeLessThan(10_000);
    },
  );

  it("costs the same whenever it is asked anew, and less for a matcher that has seen such a text", () => {
    const pattern = compilePattern("(a|b)*a(a|b){8}!");
    const cost = (matcher: Matcher) => {
      let sum = 0;
      matcher.occursIn("abbabaab".repeat(100), (count) => {
        sum += count;
      });
      return sum;
    };
    const first = cost(pattern);
    expect(cost(pattern)).toBe(first);
    const matcher = pattern.matcher();
    expect(cost(matcher)).toBe(first);
    expect(cost(matcher)).toBeLessThan(first);
  });

  it("forgets states when they are too many, and is right all the same", () => {
    const restless = Array.from({ length: 30_000 }, (_each, index) => ((index * index * 7) % 31 < 15 ? "a" : "b"));
    const random = Array.from({ length: 30_000 }, (_each, index) => (Math.sin(index * index) > 0 ? "a" : "b"));
    for (const letters of [restless, random]) {
      const text = letters.join("");
      expect(occurs("a(?:a|b){14}$", text)).toBe(letters.at(-15) === "a");
      expect(occurs("b(?:a|b){14}$", text)).toBe(letters.at(-15) === "b");
    }
  });

  it.each([
    ["(a", "without"],
    ["a)", "without"],
    ["[a", "without"],
    ["*a", "nothing to repeat"],
    ["a**", "repetition of a repetition"],
    ["\\1", "escape"],
    ["(?<name>a)", "not supported"],
    ["(?!a)", "not supported"],
    ["[[:alpha:]]", "not supported"],
    ["[z-a]", "range"],
    ["a{2000}", "above 1000"],
    ["a{3,2}", "wrong way round"],
    ["((a{100}){100}){100}", "too large"],
    ["(".repeat(60), "nested"],
    ["(){1000}(){1000}(){1000}", "too large"],
    ["a".repeat(1001), "longer"],
    ["\\", "at the end"],
  ])("%s is refused: %s", (pattern, why) => {
    expect(() => compilePattern(pattern)).toThrow(why);
  });
});
