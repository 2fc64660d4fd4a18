/** One line of at most `most` characters: what a label shows of a text that anybody wrote. */
export function oneLine(text: string, most: number): string {
  const line = visible(text).replace(/\s+/g, " ").trim();
  const characters = Array.from(line);
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join("")}…`;
}

/** Without what no format can hold (control characters, halves of pairs) and what turns the direction of text around. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/[\p{Bidi_Control}\p{Noncharacter_Code_Point}]/gu, "");
}
