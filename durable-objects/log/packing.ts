/**
 * JSON texts whose commonest parts are one character each. A conversation's rows consist for a third of what every message says
 * in LangGraph's form; JSON has no control characters, so each of them can stand for a part, and nothing can be mistaken.
 *
 * What is written stays readable for ever: parts may be added at the end, never changed or taken away (packing.golden.test.ts).
 */
const PARTS = [
  ',"additional_kwargs":{},"response_metadata":{},"type":"human","id":"',
  '{"tool_calls":[],"invalid_tool_calls":[],"content":"',
  ',"additional_kwargs":{},"response_metadata":{"model":"',
  '","finish_reason":"stop"},"usage_metadata":{"input_tokens":',
  ',"output_tokens":',
  ',"total_tokens":',
  '},"type":"ai","id":"',
  ',"additional_kwargs":{},"response_metadata":{}',
  '{"inputTokens":',
  ',"outputTokens":',
  ',"unit":"tokens","costUsd":',
  ',"model":"',
  '[[["messages",[{"content":"',
  '{"config":{},"context":{},"stream_mode":["values"]}',
  '{"config":{"configurable":{"user-agent":"',
  '"}},"context":{},"stream_mode":["values"]}',
] as const;

/** Stands for the id of the run that the text belongs to, by which its messages are named. */
const OWN = "\u0001";
/** The letter of the first part. */
const FIRST = 2;
const SHORTEST = 48;

const LETTERS = PARTS.map((_, index) => String.fromCharCode(FIRST + index));
// oxlint-disable-next-line no-control-regex -- they are what it is about
const ANY_LETTER = /[\u0001-\u001f]/;

/**
 * A JSON text (without white space between its parts) as it is stored.
 * @param own the id of the run that it belongs to; whoever reads it must know it
 */
export function pack(json: string, own?: string): string {
  if (json.length < SHORTEST) return json;
  let packed = own === undefined ? json : json.replaceAll(own, OWN);
  for (const [index, part] of PARTS.entries()) packed = packed.replaceAll(part, LETTERS[index] ?? part);
  return packed;
}

/** The JSON text again, of what {@link pack} gave or of JSON that never was packed. */
export function unpack(stored: string, own?: string): string {
  if (!ANY_LETTER.test(stored)) return stored;
  let json = own === undefined ? stored : stored.replaceAll(OWN, own);
  for (const [index, part] of PARTS.entries()) json = json.replaceAll(LETTERS[index] ?? part, part);
  return json;
}
