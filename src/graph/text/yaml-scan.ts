import { Lexer } from "yaml";

/**
 * Lexemes a YAML text may have, white space included. The library takes up to ten microseconds for each where text is
 * hostile (an error for every comma), so this bounds its time to well under a second; JSON has no such bound.
 */
const MOST_LEXEMES = 150_000;
const MOST_SIGNIFICANT = 60_000;
/** Tells that the next lexeme is a scalar's text. */
const SCALAR = "\u001f";
/** An escape in double quotes; the group is empty for one that YAML does not have. Of those the library makes an error each, dearly. */
const ESCAPE =
  /\\(?:([0abtnvfre "/\\N_LP\t\r\n]|x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U00(?:0[\dA-Fa-f]|10)[\dA-Fa-f]{4})|[^]|$)/g;

export interface Refused {
  readonly code: "too_deep" | "too_large" | "invalid_yaml";
  readonly message: string;
  readonly at: number;
}

/** What makes a text too large or too deep for the library, which recurses, or what it would read wrongly or slowly. */
export function scanYaml(text: string, maxDepth: number): Refused | undefined {
  let [at, lexemes, significant, flow, dashes, versions] = [0, 0, 0, 0, 0, 0];
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (scalar) scalar = false;
    else if (lexeme === SCALAR) scalar = true;
    else if (lexeme === "[" || lexeme === "{") flow += 1;
    else if (lexeme === "]" || lexeme === "}") flow -= 1;
    else if (lexeme === "-" || lexeme === "?") dashes += 1;
    else if (lexeme === "\n" || lexeme === "\r\n") dashes = 0;
    else if (lexeme.startsWith('"')) {
      const bad = badEscape(lexeme);
      if (bad !== undefined) return { code: "invalid_yaml", message: "YAML does not have this escape.", at: at + bad };
    } else if (/^%YAML\s/.test(lexeme)) versions += 1;
    if (lexeme.trim() !== "" && lexeme !== SCALAR) significant += 1;
    if (flow > maxDepth || dashes > maxDepth) {
      return { code: "too_deep", message: `The document is nested more than ${maxDepth} deep.`, at };
    }
    if (versions > 1) return { code: "invalid_yaml", message: "A document has one %YAML line at most.", at };
    if (lexemes > MOST_LEXEMES || significant > MOST_SIGNIFICANT) {
      return { code: "too_large", message: "The document has too many parts for YAML; as JSON it may have more.", at };
    }
    if (lexeme !== SCALAR) at += lexeme.length;
  }
  return undefined;
}

/** Where the first escape stands that is none. */
function badEscape(quoted: string): number | undefined {
  for (const { 1: known, index } of quoted.matchAll(ESCAPE)) if (known === undefined) return index;
  return undefined;
}
