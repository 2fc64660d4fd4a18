import { Random } from "../../../src/engine/testing/random.ts";

/** A class of many ranges, each a class of characters of its own. */
const WIDE = `[${Array.from({ length: 300 }, (_each, index) => String.fromCodePoint(0x4e00 + index * 2)).join("")}a]`;

/** Patterns that have stopped services with back-tracking machines, and their like. */
const KNOWN = [
  "(a+)+$",
  "(a*)*$",
  "(a|a)*$",
  "(a|aa)+$",
  "(a|a?)+$",
  "(.*a){20}$",
  "(.*)*=.*",
  "(?:.*)*x",
  "([a-zA-Z]+)*$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "^(a+)+b$",
  "^(\\w+\\s?)*$",
  "^(\\d+)*$",
  "^([a-z0-9]+)+@x$",
  "\\s+$",
  "^\\s+|\\s+$",
  "(x+x+)+y",
  "(x+)*y",
  "^(?:a|ab)+c$",
  "(a?){50}a{50}",
  "(a*){50}b",
  "(a*){1000}",
  "(a{100}){100}",
  "((a{1,10}){1,10}){1,10}b",
  "(((((a*)*)*)*)*)*b",
  "(a*)*(a*)*(a*)*b",
  "(.|\\s)*$",
  "(\\w|\\d|_)*!",
  "^([^,]*,)*[^,]*;$",
  '("[^"]*"|[^,]*)(,("[^"]*"|[^,]*))*;',
  "^(https?:\\/\\/)?([\\da-z\\.-]+)\\.([a-z\\.]{2,6})([\\/\\w \\.-]*)*\\/?$",
  "^[_a-z0-9-]+(\\.[_a-z0-9-]+)*@[a-z0-9-]+(\\.[a-z0-9-]+)*(\\.[a-z]{2,4})$",
  "^(\\([0-9]{3}\\)|[0-9]{3}-)*[0-9]{3}-[0-9]{4}$",
  '<(\\w+)(\\s+\\w+(="[^"]*")?)*\\s*>',
  "(?i)(a+)+$",
  "(?s)(.+)+$",
  "(?is)(.|a)*b",
  "\\b(\\w+\\b)*$",
  "(\\b|a)*x",
  "(^a)*x",
  "(a|^)*x",
  "($|a)*x",
  "()*x",
  "(|a)*x",
  "(a||b)*x",
  "[\\s\\S]*x",
  "[^\\W\\w]*x",
  "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*!",
  "(ab|a|bc)*d",
  "(😀+)+$",
  "[^😀]*x",
  ".{1000}x",
  "a{0,1000}b",
  "(a{0,30}){0,30}b",
  "(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p)*!",
  "(?:(?:(?:a|b)|(?:c|d))|(?:e|f))*!",
  "^.*.*.*.*.*.*.*.*.*.*.*.*x$",
  "(.+)+(.+)+(.+)+x",
  "(\\s*\\S*)*x",
  "(0|1|00|11)*2",
  "(a|b)*a(a|b){20}!",
  "(a|b)*a(a|b){300}!",
  "(\\w{0,10}){0,90}!",
  "((a?){300}){3}!",
  "(\\b|a|\\B|^|$)*!",
  "[\\W\\w]{0,1000}!",
  `(${WIDE}{0,30}){0,30}!`,
  `${WIDE}{600}!`,
  `(${WIDE}|b){0,900}!`,
];

/** Outside of the subset: these are refused. */
const REFUSED = [
  "(a)\\1",
  "(?=a)",
  "(?!a)",
  "(?<=a)b",
  "(?<n>a)",
  "(?P<n>a)",
  "(?>a+)b",
  "a++",
  "a**",
  "a{2}{3}",
  "\\k<n>",
  "\\p{L}+",
  "[[:alpha:]]",
  "(?R)",
  "(?#c)",
  "a{1001}",
  "a{5,2}",
  "(",
  ")",
  "[",
  "[z-a]",
  "\\",
  "*a",
  "\\z",
  `${"(".repeat(100)}a${")".repeat(100)}`,
  "a".repeat(1001),
  `${"(a|".repeat(60)}b${")".repeat(60)}`,
  "((a{50}){50})*",
  "(?:a{1000}b{1000}){2}",
  "(((((a{9}){9}){9}){9}){9})",
];

const ATOMS = [
  "a",
  "b",
  ".",
  "\\w",
  "\\d",
  "\\s",
  "[ab]",
  "[^a]",
  "(a|b)",
  "(a*)",
  "(ab?)",
  "\\b",
  "^",
  "$",
  "(?:a|)",
  "é",
];
const REPEATS = ["", "", "*", "+", "?", "{2}", "{0,3}", "{1,}", "*?"];

/** Patterns put together from pieces; both sides of a comparison understand them. */
export function randomPattern(random: Random): string {
  let pattern = random.chance(0.1) ? "(?i)" : "";
  for (let left = 1 + random.below(5); left > 0; left -= 1) {
    const atom = random.pick(ATOMS) ?? "a";
    // the host's expressions refuse to repeat an assertion
    pattern += /^(?:\\b|\^|\$)$/.test(atom) ? atom : atom + (random.pick(REPEATS) ?? "");
    if (random.chance(0.1)) pattern += "|";
  }
  return pattern;
}

/** 120 and more: known ones, refused ones, and repetitions in repetitions. */
export function bombs(): readonly string[] {
  const pieces = ["a", "[ab]", ".", "a?", "(?:a|b)", "\\w"];
  const nested = pieces.flatMap((piece) =>
    ["*", "+", "{0,9}"].flatMap((inner) => ["*$", "+!", "{1,30}!"].map((outer) => `(${piece}${inner})${outer}`)),
  );
  return [...KNOWN, ...REFUSED, ...nested];
}

/** Texts of a length that the patterns nearly match. */
export function hostileTexts(length: number): readonly string[] {
  const fill = (unit: string, end: string) =>
    unit.repeat(Math.ceil(length / unit.length)).slice(0, length - end.length) + end;
  // no two windows of it alike, for long: the states of a machine that remembers them are all new
  const restless = Array.from({ length }, (_each, index) => ((index * index) % 17 < 8 ? "a" : "b")).join("");
  return [
    restless,
    fill("a", "!"),
    fill(" ", "x"),
    fill("ab1_ ", "\n"),
    fill("x@a.", ""),
    fill("😀", ""),
    fill("\ud800", ""),
  ];
}
