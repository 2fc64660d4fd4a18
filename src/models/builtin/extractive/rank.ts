import { quality } from "./quality.ts";
import type { Sentence } from "./sentences.ts";

/** Term frequencies of a sentence, weighted by how rare each term is. */
interface Vector {
  readonly weights: ReadonlyMap<string, number>;
  readonly length: number;
}

export interface Ranked {
  readonly sentence: Sentence;
  readonly index: number;
  readonly score: number;
  readonly vector: Vector;
}

/** Okapi BM25's usual constants. */
const K1 = 1.2;
const B = 0.75;

/** Scores every sentence, best first: by the topic if there is one, by how central it is, by how well it reads. */
export function rank(sentences: readonly Sentence[], topic: readonly string[], topicShare: number): readonly Ranked[] {
  const rarity = rarityOf(sentences);
  const vectors = sentences.map((sentence) => vectorOf(sentence.terms, rarity));
  const central = normalise(centrality(sentences, vectors));
  const relevant = normalise(relevance(sentences, topic, rarity));
  const share = relevant.some((score) => score > 0) ? topicShare : 0;
  return sentences
    .map((sentence, index) => ({
      sentence,
      index,
      vector: vectors[index] ?? EMPTY,
      score: quality(sentence) * (share * (relevant[index] ?? 0) + (1 - share) * (central[index] ?? 0)),
    }))
    .sort((one, other) => other.score - one.score || one.index - other.index);
}

/** BM25 of each sentence for the topic; 0 where no word of it occurs. */
export function relevance(
  sentences: readonly Sentence[],
  topic: readonly string[],
  rarity: ReadonlyMap<string, number> = rarityOf(sentences),
): readonly number[] {
  const wanted = new Set(topic);
  const averageLength = sentences.reduce((sum, { terms }) => sum + terms.length, 0) / Math.max(1, sentences.length);
  return sentences.map(({ terms }) => {
    let score = 0;
    for (const [term, count] of countTerms(terms.filter((candidate) => wanted.has(candidate)))) {
      const lengthPenalty = 1 - B + (B * terms.length) / Math.max(1, averageLength);
      score += ((rarity.get(term) ?? 0) * count * (K1 + 1)) / (count + K1 * lengthPenalty);
    }
    return score;
  });
}

/** How much of the topic, weighted by rarity, the sentences speak of at all; words unheard of weigh most. */
export function coverage(sentences: readonly Sentence[], topic: readonly string[]): number {
  const rarity = rarityOf(sentences);
  // That a handful of sentences lacks a word says little about what they speak of.
  const unheard = Math.log(2 * sentences.length + 2) * Math.min(1, sentences.length / 10);
  const total = topic.reduce((sum, term) => sum + (rarity.get(term) ?? unheard), 0);
  const spoken = topic.reduce((sum, term) => sum + (rarity.get(term) ?? 0), 0);
  return total === 0 ? 0 : spoken / total;
}

/**
 * How much a sentence speaks of what its document speaks of: its cosine to the document's centroid, which is the
 * linear-time relative of TextRank, with an advance for the sentence a document opens with.
 */
function centrality(sentences: readonly Sentence[], vectors: readonly Vector[]): readonly number[] {
  const centroids = new Map<number, Map<string, number>>();
  for (const [index, { document }] of sentences.entries()) {
    const centroid = centroids.get(document) ?? new Map<string, number>();
    for (const [term, weight] of vectors[index]?.weights ?? []) centroid.set(term, (centroid.get(term) ?? 0) + weight);
    centroids.set(document, centroid);
  }
  const prepared = new Map(
    [...centroids].map(([document, weights]) => [document, { weights, length: lengthOf(weights) }]),
  );
  return sentences.map(({ document, depth }, index) => {
    // Authors say first what a text is about: the opening sentence is the summary to beat.
    const lead = depth === 0 ? 0.3 : 0;
    const own = vectors[index] ?? EMPTY;
    const centroid = prepared.get(document) ?? EMPTY;
    // Less its own share in the centroid: a sentence about something else would otherwise be like itself alone.
    const share = centroid.length === 0 ? 0 : own.length / centroid.length;
    return lead + Math.max(0, cosine(own, centroid) - share);
  });
}

/** Maximal marginal relevance: the best sentences that do not repeat each other, best first, with no document forgotten. */
export function pick(ranked: readonly Ranked[], count: number, isCoverageWanted: boolean): readonly Ranked[] {
  const candidates = shortlist(ranked);
  const picked: Ranked[] = [];
  const covered = new Set<number>();
  while (picked.length < count && candidates.length > 0) {
    let best = 0;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const [index, candidate] of candidates.entries()) {
      const repetition = Math.max(0, ...picked.map((other) => cosine(candidate.vector, other.vector)));
      const coverage = isCoverageWanted && !covered.has(candidate.sentence.document) ? 1 : 0;
      const value = 0.7 * candidate.score - 0.6 * repetition + coverage;
      if (value > bestValue) [best, bestValue] = [index, value];
    }
    const [chosen] = candidates.splice(best, 1);
    if (chosen === undefined) break;
    // The same sentence twice (a quotation of a quotation) is no second finding.
    if (picked.some((other) => cosine(chosen.vector, other.vector) > 0.9)) continue;
    picked.push(chosen);
    covered.add(chosen.sentence.document);
  }
  return picked;
}

/** Enough to choose from, few enough to compare pairwise: the best overall and the best of each document. */
function shortlist(ranked: readonly Ranked[]): Ranked[] {
  const perDocument = new Map<number, number>();
  const chosen = ranked.filter(({ sentence }, place) => {
    const taken = perDocument.get(sentence.document) ?? 0;
    perDocument.set(sentence.document, taken + 1);
    return place < 80 || taken < 2;
  });
  return chosen.slice(0, 240);
}

const EMPTY: Vector = { weights: new Map(), length: 0 };

function vectorOf(terms: readonly string[], rarity: ReadonlyMap<string, number>): Vector {
  const weights = new Map<string, number>();
  for (const [term, count] of countTerms(terms)) weights.set(term, (1 + Math.log(count)) * (rarity.get(term) ?? 0));
  return { weights, length: lengthOf(weights) };
}

function lengthOf(weights: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const weight of weights.values()) sum += weight * weight;
  return Math.sqrt(sum);
}

function cosine(one: Vector, other: Vector): number {
  if (one.length === 0 || other.length === 0) return 0;
  let product = 0;
  for (const [term, weight] of one.weights) product += weight * (other.weights.get(term) ?? 0);
  return product / (one.length * other.length);
}

function countTerms(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** BM25's inverse document frequency, with sentences as documents; never negative. */
function rarityOf(sentences: readonly Sentence[]): ReadonlyMap<string, number> {
  const frequency = new Map<string, number>();
  for (const { terms } of sentences)
    for (const term of new Set(terms)) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  const total = sentences.length;
  return new Map([...frequency].map(([term, count]) => [term, Math.log(1 + (total - count + 0.5) / (count + 0.5))]));
}

function normalise(scores: readonly number[]): readonly number[] {
  const highest = scores.reduce((most, score) => Math.max(most, score), 0);
  return highest === 0 ? scores : scores.map((score) => score / highest);
}
