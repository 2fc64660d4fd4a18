/** What a property was tried on. */
export interface Found {
  readonly cases: number;
}

/** A case in which a property does not hold. */
export class Fault extends Error {
  override readonly name = "Fault";
}
