/** Decodes what a label shows: Mermaid's `#60;`, entities, tags. Lines are kept apart. */
export function linesOfLabel(label: string): readonly string[] {
  const parts = label.replace(/<(?:br|hr)\s?\/?>/gi, "\n").replace(/<\/?[A-Za-z][^<>]{0,200}>/g, "");
  return parts.split(/\n|\\n/).map((line) => decoded(line).trim());
}

const NAMED: Readonly<Record<string, string>> = { nbsp: " ", amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/[#&](#?)(\d{1,7}|[a-z]{2,5});/g, (whole, _, code: string) => {
    const number = Number(code);
    if (Number.isNaN(number)) return Object.hasOwn(NAMED, code) ? (NAMED[code] ?? whole) : whole;
    return number <= 0x10_ffff ? String.fromCodePoint(number) : whole;
  });
}
