/** Keys that have polluted prototypes. */
const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "__lookupSetter__",
  "toJSON",
  "then",
];

/** Ways a key may stand in a value, as JSON text; `$` is the key. */
const FORMS = [
  '{"$":{"polluted":1}}',
  '{"$":null}',
  '{"a":{"$":{"polluted":1}}}',
  '{"constructor":{"prototype":{"$":{"polluted":1}}}}',
  '{"$":{"$":{"$":{"polluted":1}}}}',
  '{"a":[{"$":{"polluted":1}},{"$":2}]}',
  '{"b":1,"$":{"prototype":{"polluted":1}},"c":2}',
  '{"$":[{"polluted":1}],"polluted":0}',
  '{"__proto__.$":1,"a.$.polluted":1,"[$]":1,"$":{"toString":"polluted","length":0}}',
];

/** 90 shapes of poison: ten keys in nine forms. */
export const SHAPES: readonly string[] = KEYS.flatMap((key) => FORMS.map((form) => form.replaceAll("$", key)));
