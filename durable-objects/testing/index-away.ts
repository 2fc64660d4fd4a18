import { env } from "cloudflare:workers";

export type Absence = "refuses" | "never-answers";

/**
 * Does `work` while D1 is away for everybody in this isolate, the objects included.
 * What was asked of a D1 that never answers is not answered when it is back either.
 */
export async function whileIndexIsAway<T>(how: Absence, work: () => Promise<T>): Promise<T> {
  const prototype = Object.getPrototypeOf(env.DB) as { prepare: unknown };
  const present = prototype.prepare;
  const silent: object = new Proxy(
    {},
    { get: (_, name) => (name === "bind" ? () => silent : () => new Promise(() => undefined)) },
  );
  prototype.prepare = () => {
    if (how === "refuses") throw new Error("D1 is away");
    return silent;
  };
  try {
    return await work();
  } finally {
    prototype.prepare = present;
  }
}
