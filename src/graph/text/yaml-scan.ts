import { Lexer } from "yaml";

/**
 * Lexemes a YAML text may have, white space included. The library takes up to ten microseconds for each where text is
 * hostile (an error for every comma), so this bounds its time to well under a second; JSON has no such bound.
 */
const MOST_LEXEMES = 150_000;
const MOST_SIGNIFICANT = 60_000;
/** Tells that the next lexeme is a scalar's text. */
const SCALAR = "\u001f";

/** What makes a text too large or too deep for the library, which recurses; undefined for a text it can take. */
export function scanYaml(
  text: string,
  maxDepth: number,
): { readonly code: "too_deep" | "too_large"; readonly at: number } | undefined {
  let [at, lexemes, significant, flow, dashes] = [0, 0, 0, 0, 0];
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (scalar) scalar = false;
    else if (lexeme === SCALAR) scalar = true;
    else if (lexeme === "[" || lexeme === "{") flow += 1;
    else if (lexeme === "]" || lexeme === "}") flow -= 1;
    else if (lexeme === "-" || lexeme === "?") dashes += 1;
    else if (lexeme === "\n" || lexeme === "\r\n") dashes = 0;
    if (lexeme.trim() !== "" && lexeme !== SCALAR) significant += 1;
    if (flow > maxDepth || dashes > maxDepth) return { code: "too_deep", at };
    if (lexemes > MOST_LEXEMES || significant > MOST_SIGNIFICANT) return { code: "too_large", at };
    if (lexeme !== SCALAR) at += lexeme.length;
  }
  return undefined;
}
