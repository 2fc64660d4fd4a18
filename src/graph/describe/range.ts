/** null: nobody can say; the reason says why. */
export interface Bound {
  readonly value: number | null;
  readonly reason: string;
}

export interface Range {
  readonly low: Bound;
  readonly high: Bound;
}

export interface NodeEstimate {
  readonly node: string;
  readonly calls: Range;
  readonly inputTokens: Range;
  readonly outputTokens: Range;
  readonly costUsd: Range;
  /** Of one call. */
  readonly callMs: Range;
}
