/** Something that the person at the keyboard can put right: shown as its message alone, exit code 2. */
export class Stop extends Error {
  override readonly name = "Stop";
}
