/** Something a person can put right: shown as its message alone, without a stack, exit code 1. */
export class Stop extends Error {
  override readonly name = "Stop";
}
