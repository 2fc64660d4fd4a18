/** Words that carry no topic. */
const STOP_WORDS = new Set(
  `a about above after again against all also although always am among an and any are around as at be became because
  been before being below between both but by came can cannot could did do does doing done down during each either
  else ever every few for from further get gets got had has have having he her here hers him his how however i if in
  into is it its itself just let like many may me might more most much must my neither never no nor not now of off
  often on once one only or other our out over own per rather same shall she should since so some still such than that
  the their them then there these they this those through thus to too under until up upon us use used uses using very
  was we were what when where whether which while who whom whose why will with within without would yet you your`.split(
    /\s+/,
  ),
);

const TERM = /[\p{L}\p{N}]+/gu;
const IDEOGRAPHS = /[\u3040-\u30ff\u3400-\u9fff]/;

/** The topic words of a text: lower case, lightly stemmed, stop words left out, in order. */
export function termsOf(text: string): readonly string[] {
  const terms: string[] = [];
  for (const [word] of text.toLowerCase().matchAll(TERM)) {
    if (word.length > 60) continue;
    if (IDEOGRAPHS.test(word)) terms.push(...pairsOf(word));
    else if (word.length > 1 && !STOP_WORDS.has(word)) terms.push(stem(word));
  }
  return terms;
}

/** Scripts without spaces: pairs of characters stand for words. */
function pairsOf(run: string): readonly string[] {
  const characters = Array.from(run);
  return characters.length === 1
    ? characters
    : characters.slice(1).map((second, index) => `${characters[index]}${second}`);
}

/** Joins the commonest English endings; wrong now and then, which ranking forgives. */
export function stem(word: string): string {
  if (word.length < 5) return word.endsWith("s") && !word.endsWith("ss") && word.length > 3 ? word.slice(0, -1) : word;
  const rules = [
    [/(?:ies|ied)$/, "y"],
    [/(?:ations?|ators?|ating|ated|ates|ate)$/, "at"],
    [/(?:ments?|ness|ingly|edly)$/, ""],
    [/([^aeiou])\1(?:ing|ed|er|ers)$/, "$1"],
    [/(?:ings?|ed|ers?|ly|es|e)$/, ""],
    [/([^s])s$/, "$1"],
  ] as const;
  for (const [ending, replacement] of rules) {
    const stemmed = word.replace(ending, replacement);
    if (stemmed !== word && stemmed.length >= 3) return stemmed;
  }
  return word;
}
