declare const PUBLISHED: unique symbol;

/** The name of a graph that is on the server already, which no type can know. */
export type Published = string & { readonly [PUBLISHED]: true };

/** Names a published graph; its current version is taken when the document is published, `name@version` takes that one. */
export function published(name: string): Published {
  // the mark is for the types alone
  return name as Published;
}
