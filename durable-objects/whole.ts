/** Keeps memory and log together: what must be done whole is, or the object gives itself up and restores from its log. */
export class Whole {
  readonly #context: DurableObjectState;

  constructor(context: DurableObjectState) {
    this.#context = context;
  }

  /** A transaction after which memory and log agree; if it fails they do not. */
  write(write: () => void): void {
    this.surely(() => this.#context.storage.transactionSync(write));
  }

  /** What must not fail half way. @throws what `work` throws, the object being lost by then */
  surely(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#context.abort(`The thread gave itself up and will restore from its log: ${String(thrown)}`);
      throw thrown;
    }
  }
}
