import { Environment } from "@marcbachmann/cel-js";
import type { Channel, ReducerName } from "../channels.ts";
import { globalsOf, schemaType } from "./globals.ts";
import type { Fields, Globals, Local, ObjectName } from "./globals.ts";

/** Bounds on one expression's text, so that reading it is cheap whoever wrote it. */
export const LONGEST_SOURCE = 10_000;
const LIMITS = { maxAstNodes: 1000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 8 };

/** What expressions of one graph may name: `state.<channel>`, `payload` and the globals. */
export interface Language {
  readonly channels: ReadonlySet<string>;
  readonly globals: Globals;
  readonly environment: Environment;
}

/** Functions the library does not have; it only needs their types, evaluation is ours. */
const OWN_FUNCTIONS = [
  "json(dyn): string",
  "min(list<dyn>): dyn",
  "max(list<dyn>): dyn",
  "sum(list<dyn>): int",
  "abs(int): int",
  "floor(int): int",
  "ceil(int): int",
  "round(int): int",
  "string.replace(string, string): string",
  "string.charAt(int): string",
  "string.reverse(): string",
  "list<A>.reverse(): list<A>",
  "list<A>.distinct(): list<A>",
  "list<A>.sort(): list<A>",
  "list<A>.slice(int, int): list<A>",
  "list<A>.first(): A",
  "list<A>.last(): A",
  "list<dyn>.flatten(): list<dyn>",
  "list<dyn>.flatten(int): list<dyn>",
  "range(int): list<int>",
  "keys(map<string, V>): list<string>",
  "values(map<string, V>): list<V>",
  "merge(map<string, dyn>, map<string, dyn>): map<string, dyn>",
  "getOr(map<string, dyn>, string, dyn): dyn",
  "default(dyn, dyn): dyn",
  "parseJson(string): dyn",
  "string(google.protobuf.Timestamp): string",
  "string(google.protobuf.Duration): string",
  "int(google.protobuf.Timestamp): int",
  "int(google.protobuf.Duration): int",
  "timestamp(google.protobuf.Timestamp): google.protobuf.Timestamp",
  "duration(google.protobuf.Duration): google.protobuf.Duration",
] as const;

let shared: Environment | undefined;

function base(): Environment {
  if (shared !== undefined) return shared;
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS });
  for (const signature of OWN_FUNCTIONS) environment.registerFunction(signature, () => null);
  environment.registerVariable("payload", "dyn");
  shared = environment;
  return environment;
}

export interface LanguageOptions {
  readonly channels: readonly Channel[];
  /** Without them `vars` and `params` are empty, `config` and `context` hold anything, and there is no `item`. */
  readonly globals?: Globals;
}

export function createLanguage({ channels, globals = globalsOf({}) }: LanguageOptions): Language {
  const named = channels.filter(({ name }) => FIELD.test(name));
  const fields = Object.fromEntries(named.map((channel) => [channel.name, typeOf(channel)]));
  const environment = knowing(globals.objects).clone();
  environment.registerType("State", { fields }).registerVariable("state", "State");
  registerLocals(environment, globals.locals);
  return { channels: new Set(named.map(({ name }) => name)), globals, environment };
}

/** The same language with these names besides: what a map says of its items, on the state outside. */
export function withLocals(language: Language, locals: readonly Local[]): Language {
  const { globals } = language;
  const more = locals.filter((name) => !globals.locals.includes(name));
  if (more.length === 0) return language;
  const environment = language.environment.clone();
  registerLocals(environment, more);
  return { ...language, globals: { ...globals, locals: [...globals.locals, ...more] }, environment };
}

function registerLocals(environment: Environment, locals: readonly Local[]): void {
  for (const name of locals) environment.registerVariable(name, LOCAL_TYPES[name]);
}

const LOCAL_TYPES: Readonly<Record<Local, string>> = { item: "dyn", index: "int", answer: "dyn", answers: "list<dyn>" };

/** Other names are problems of the document; the library would not take them. */
const FIELD = /^[A-Za-z]/;

/** Many graphs of one document have the same globals around them. */
const environments = new WeakMap<Globals["objects"], Environment>();

function knowing(objects: Globals["objects"]): Environment {
  const found = environments.get(objects);
  if (found !== undefined) return found;
  const environment = base().clone();
  for (const [name, known] of objects) registerObject(environment, name, known);
  environments.set(objects, environment);
  return environment;
}

function registerObject(environment: Environment, name: ObjectName, known: Fields): void {
  if (known === undefined) {
    environment.registerVariable(name, "dyn");
    return;
  }
  const fields = Object.fromEntries([...known].filter(([field]) => FIELD.test(field)));
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  environment.registerType(type, { fields }).registerVariable(name, type);
}

/** The type of a channel: what its schema says, or else its reducer. */
function typeOf(channel: Channel): string {
  const said = channel.schema === undefined ? "dyn" : schemaType(channel.schema);
  if (said !== "dyn") return said;
  return REDUCED[channel.reducer];
}

const REDUCED: Readonly<Record<ReducerName, string>> = {
  last: "dyn",
  append: "list<dyn>",
  union: "list<dyn>",
  messages: "list<dyn>",
  merge: "map<string, dyn>",
  sum: "int",
  min: "dyn",
  max: "dyn",
};
