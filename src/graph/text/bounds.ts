/** What a document may be at most, in any notation: reading it then takes well under a second, whoever wrote it. */
export const LARGEST_TEXT = 1024 * 1024;
export const DEEPEST = 100;
/** A text of the largest size could hold twice as many; nobody's does. */
export const MOST_VALUES = 200_000;
export const TOO_MANY_VALUES = `A document has at most ${MOST_VALUES} values.`;
