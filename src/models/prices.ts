/** US dollars per million tokens. */
interface Price {
  readonly input: number;
  readonly cachedInput: number;
  /** Writing to the provider's prompt cache, where that is billed. */
  readonly cacheWrite: number;
  readonly output: number;
}

interface PriceRow {
  readonly price: Price;
  /** Prompts above this many tokens are priced otherwise as a whole; null: we do not know how. */
  readonly long?: { readonly aboveTokens: number; readonly price: Price | null };
}

function price(input: number, cachedInput: number, cacheWrite: number, output: number): Price {
  return { input, cachedInput, cacheWrite, output };
}

/**
 * Standard tier, collected on 2026-11-20. Anthropic: input and output from the models' overview pages at
 * platform.claude.com/docs, cache prices of Sonnet 5.5 and Haiku 5.5's long band from release notes that quote its
 * pricing page. OpenAI: from pages that quote its model and pricing pages (docs.litellm.ai, "GPT-6.1 Terra", and release
 * notes of usage trackers), its own page not having been at hand. To be checked against both before billing by them.
 * A model that is not here has no known price, which is not zero.
 */
const PRICES: Readonly<Record<string, PriceRow>> = {
  "openai/gpt-6.1-sol": { price: price(2, 0.1, 2.5, 10), long: { aboveTokens: 272_000, price: null } },
  "openai/gpt-6.1-terra": {
    price: price(1, 0.05, 1.25, 5),
    long: { aboveTokens: 272_000, price: price(2, 0.1, 2.5, 7.5) },
  },
  "openai/gpt-6-luna": { price: price(0.1, 0.01, 0.125, 0.5), long: { aboveTokens: 272_000, price: null } },
  "anthropic/claude-opus-5-5": { price: price(4, 0.2, 5, 20) },
  "anthropic/claude-sonnet-5-5": { price: price(2, 0.1, 2.5, 10) },
  "anthropic/claude-haiku-5-5": {
    price: price(0.1, 0.01, 0.125, 0.5),
    long: { aboveTokens: 100_000, price: price(0.5, 0.05, 0.625, 2.5) },
  },
};

/**
 * Longest answers, thinking included, collected on 2026-11-20: OpenAI from docs.litellm.ai ("GPT-6.1 Terra"). What is not here
 * is not known. Anthropic's requests always say a limit, which is theirs where a node says none.
 */
const LONGEST_ANSWERS: Readonly<Record<string, number>> = { "openai/gpt-6.1-terra": 128_000 };

/** Where nothing is known of a model: what a request to Anthropic asks for. An answer may be longer. */
export const USUAL_LONGEST_ANSWER = 16_000;

/** The longest answer of a call that sets no limit. */
export function mostOutputTokens(model: string): number {
  return rowOf(LONGEST_ANSWERS, model) ?? USUAL_LONGEST_ANSWER;
}

/** The most that a call of at most so many tokens can cost, or null where no price is known. */
export function mostCostUsd(
  model: string,
  { input, output }: { readonly input: number; readonly output: number },
): number | null {
  const row = rowOf(PRICES, model);
  if (!row) return null;
  const long = row.long && input > row.long.aboveTokens ? row.long.price : null;
  const prices = long === null ? [row.price] : [row.price, long];
  const costs = prices.map((each) => input * Math.max(each.input, each.cacheWrite) + output * each.output);
  return Math.max(...costs) / 1_000_000;
}

/** A dated name is found by the name it is a date of. */
function rowOf<T>(rows: Readonly<Record<string, T>>, model: string): T | undefined {
  const name = [model, model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, "")].find((each) => Object.hasOwn(rows, each));
  return name === undefined ? undefined : rows[name];
}

/** Counts as they are billed: the three kinds of input do not overlap. */
export interface BilledTokens {
  readonly freshInput: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly output: number;
}

/** The cost of one call, or null where the price is not known. Dated names are priced as the name they are dates of. */
export function costUsd(model: string, tokens: BilledTokens): number | null {
  const row = rowOf(PRICES, model);
  if (!row) return null;
  const input = tokens.freshInput + tokens.cachedInput + tokens.cacheWrite;
  const applied = row.long && input > row.long.aboveTokens ? row.long.price : row.price;
  if (!applied) return null;
  const millionths =
    tokens.freshInput * applied.input +
    tokens.cachedInput * applied.cachedInput +
    tokens.cacheWrite * applied.cacheWrite +
    tokens.output * applied.output;
  return millionths / 1_000_000;
}
