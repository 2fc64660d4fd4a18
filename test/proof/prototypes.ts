/** What every value of the host inherits from, and the host itself. */
const SHARED: readonly (readonly [string, object])[] = [
  ["Object.prototype", Object.prototype],
  ["Array.prototype", Array.prototype],
  ["String.prototype", String.prototype],
  ["Number.prototype", Number.prototype],
  ["Boolean.prototype", Boolean.prototype],
  ["Function.prototype", Function.prototype],
  ["RegExp.prototype", RegExp.prototype],
  ["Error.prototype", Error.prototype],
  ["Map.prototype", Map.prototype],
  ["Set.prototype", Set.prototype],
  ["Promise.prototype", Promise.prototype],
  ["Object", Object],
  ["Array", Array],
  ["JSON", JSON],
  ["Math", Math],
  ["Reflect", Reflect],
  ["globalThis", globalThis],
];

const describe = (value: object): string =>
  Reflect.ownKeys(value)
    // a getter may do something; what it is, is enough
    .map((key) => `${String(key)}:${typeof Object.getOwnPropertyDescriptor(value, key)?.value}`)
    .join();

/** Some globals are made when they are first asked for, and then are values instead of getters. */
const names = (value: object): string => Reflect.ownKeys(value).map(String).sort().join();

let before: readonly string[] | undefined;

/** What has changed since the first call; a fresh object is looked at too. */
export function prototypeChanges(): string[] {
  const now = SHARED.map(([, value]) => (value === globalThis ? names(value) : describe(value)));
  before ??= now;
  const changed = SHARED.filter((_, index) => now[index] !== before?.[index]).map(([name]) => name);
  const fresh: Record<string, unknown> = {};
  for (const key in fresh) changed.push(`a fresh object has ${key}`);
  return changed;
}
