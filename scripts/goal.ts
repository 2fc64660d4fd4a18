/** One line of evidence: what was wanted, what came out, whether that is enough. */
export interface Goal {
  readonly goal: string;
  /** With its unit, as it is printed. */
  readonly figure: string;
  /** `not run`: what it would be measured beside is not there; the figure says why. No goal is missed by it. */
  readonly met: boolean | "not run";
}

/** What `bench/*.bench.ts` and `test/proof/*.proof.ts` export. */
export interface Evidence {
  /** Options it takes beside `--short`, such as `--seed`; any other is refused. */
  readonly options?: readonly string[];
  run(options: EvidenceOptions): Promise<readonly Goal[]>;
}

export interface EvidenceOptions {
  /** A smaller version that takes seconds: shows that it runs, proves less. */
  readonly short: boolean;
  /** What stands behind the name on the command line. */
  readonly args: readonly string[];
}
