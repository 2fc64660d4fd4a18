import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Resource } from "./judging.ts";
import { own, partsOf } from "./parts.ts";
import type { Part } from "./parts.ts";
import { SchemaMistake } from "./reading.ts";
import type { SchemaPath } from "./reading.ts";

/** What a document without an `$id` is known by; never fetched. */
const NAMELESS = "https://schema.invalid/";
/** Schemas within one document. */
const MOST_PARTS = 20_000;
/** Names and indices on the way to one. */
const LONGEST_PATH = 500;
/** Of a resource's name: each reference within it is put together with it. */
const LONGEST_URI = 2000;

/** A schema within the document: where it is, and whose `$id` its references start from. */
export interface Home {
  readonly resource: Resource;
  readonly path: SchemaPath;
}

/** All schemas of a document with their resources and anchors, so that references are look-ups. */
export class Resources {
  readonly homes = new Map<JsonObject, Home>();
  readonly all = new Map<string, Resource>();
  /** Anchors of `$dynamicAnchor`, to be compiled whether or not something refers to them. */
  readonly dynamic: { readonly resource: Resource; readonly name: string; readonly schema: JsonObject }[] = [];

  constructor(document: JsonObject) {
    const nameless = resourceOf(NAMELESS, document);
    this.scan({ value: document, path: [] }, nameless);
    const home = this.homes.get(document)?.resource;
    if (home === nameless) this.all.set(NAMELESS, nameless);
  }

  /** Notes a schema and all within it. */
  scan(first: Part, around: Resource): void {
    const waiting = [{ part: first, around }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.homes.has(next.part.value)) continue;
      if (this.homes.size >= MOST_PARTS)
        throw new SchemaMistake([], `the schema has more than ${MOST_PARTS} schemas within it`);
      if (next.part.path.length > LONGEST_PATH)
        throw new SchemaMistake([], `the schema is nested more than ${LONGEST_PATH} deep`);
      const resource = this.#identify(next.part, next.around);
      this.homes.set(next.part.value, { resource, path: next.part.path });
      for (const part of partsOf(next.part)) waiting.push({ part, around: resource });
    }
  }

  /** What a reference means, from within a resource. @throws SchemaMistake */
  find(ref: string, from: Resource, path: SchemaPath): Json {
    const [uri, fragment] = split(resolve(ref, from.uri, path));
    const resource = this.all.get(uri) ?? (ref.startsWith("#") ? from : undefined);
    if (resource === undefined) {
      const message = `"${short(ref)}" is not within this document, and nothing is fetched: copy that schema into "$defs"`;
      throw new SchemaMistake(path, message);
    }
    if (fragment === "") return resource.root;
    const found = fragment.startsWith("/") ? this.#pointed(resource, fragment) : resource.anchors.get(fragment);
    if (found !== undefined) return found;
    throw new SchemaMistake(path, `"${short(ref)}" leads nowhere in this document`);
  }

  #identify({ value, path }: Part, around: Resource): Resource {
    const id = own(value, "$id");
    let resource = around;
    if (id !== undefined) {
      if (typeof id !== "string") throw new SchemaMistake([...path, "$id"], '"$id" must be a string');
      const [uri, fragment] = split(resolve(id, around.uri, [...path, "$id"]));
      // before 2019-09, an $id of a fragment alone was an anchor
      if (id.startsWith("#")) around.anchors.set(fragment, value);
      else resource = this.#add(uri, value, path);
    }
    for (const name of ["$anchor", "$dynamicAnchor"]) this.#anchor(name, { value, path }, resource);
    return resource;
  }

  #add(uri: string, root: JsonObject, path: SchemaPath): Resource {
    if (this.all.has(uri)) throw new SchemaMistake([...path, "$id"], `two schemas have the "$id" ${short(uri)}`);
    if (uri.length > LONGEST_URI)
      throw new SchemaMistake([...path, "$id"], `"$id" is longer than ${LONGEST_URI} characters`);
    const resource = resourceOf(uri, root);
    this.all.set(uri, resource);
    return resource;
  }

  #anchor(keyword: string, { value, path }: Part, resource: Resource): void {
    const name = own(value, keyword);
    if (name === undefined) return;
    if (typeof name !== "string" || !/^[A-Za-z_][-A-Za-z0-9._]*$/.test(name)) {
      const message = `"${keyword}" must be a name: a letter or _, then letters, digits, - _ and .`;
      throw new SchemaMistake([...path, keyword], message);
    }
    resource.anchors.set(name, value);
    if (keyword === "$dynamicAnchor") this.dynamic.push({ resource, name, schema: value });
  }

  /** Follows a JSON Pointer from a resource's root; what lies outside of the known keywords becomes a schema by it. */
  #pointed(resource: Resource, pointer: string): Json | undefined {
    let at: Json = resource.root;
    let home: Home | undefined = isJsonObject(at) ? this.homes.get(at) : undefined;
    const path: (string | number)[] = [...(home?.path ?? [])];
    for (const token of pointer.split("/").slice(1)) {
      const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
      const next: Json | undefined = Array.isArray(at) ? item(at, key) : isJsonObject(at) ? own(at, key) : undefined;
      if (next === undefined) return undefined;
      at = next;
      path.push(key);
      home = (isJsonObject(at) ? this.homes.get(at) : undefined) ?? home;
    }
    if (isJsonObject(at)) this.scan({ value: at, path }, home?.resource ?? resource);
    return at;
  }
}

function resourceOf(uri: string, root: Json): Resource {
  return { uri, root, anchors: new Map(), dynamic: new Map() };
}

function resolve(ref: string, base: string, path: SchemaPath): URL {
  const url = URL.parse(ref, base);
  if (url !== null) return url;
  throw new SchemaMistake(path, `"${short(ref)}" is no URI reference`);
}

/** Without its fragment, and the fragment as text. */
function split(url: URL): readonly [uri: string, fragment: string] {
  const { hash } = url;
  url.hash = "";
  return [url.href, decoded(hash.slice(1))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // what is not percent-encoding means itself
  }
}

function item(list: readonly Json[], key: string): Json | undefined {
  return /^(?:0|[1-9]\d{0,8})$/.test(key) ? list[Number(key)] : undefined;
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
