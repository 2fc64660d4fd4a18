import { isJsonObject, type Json } from "../base/json.ts";
import type { Fold } from "./fold.ts";

/** The id that stands for every message before it. */
const ALL = "__remove_all__";

/**
 * A conversation, as LangGraph's `add_messages` keeps it: a message with a known id takes that message's place, one of
 * type "remove" deletes the message it names, the rest are added at the end. Who deletes a message that it does not see is
 * refused when it writes; here, where branches meet that both delete one, deleting what is gone does nothing.
 *
 * Shared as other lists are (see ListFold). A message that changes anything but the end forces a copy, once per fold.
 */
export class MessagesFold implements Fold {
  readonly #storage: Storage;
  /** -1 while the channel is absent. */
  readonly #length: number;

  private constructor(storage: Storage, length: number) {
    this.#storage = storage;
    this.#length = length;
  }

  static open(start: Json | undefined): MessagesFold {
    // A list is taken as it is: it was folded when it was written, and a thread may start many runs from it.
    if (Array.isArray(start)) return new MessagesFold(new Storage(start.slice()), start.length);
    const absent = new MessagesFold(new Storage([]), -1);
    return start === undefined ? absent : absent.with([start]);
  }

  with(writes: readonly Json[]): MessagesFold {
    if (writes.length === 0) return this;
    const conversation = new Conversation(this.#storage, Math.max(this.#length, 0));
    for (const write of writes) {
      conversation.begin();
      for (const message of Array.isArray(write) ? write : [write]) {
        if (messageProblem(message) === undefined) conversation.take(message);
      }
    }
    const storage = conversation.close();
    return new MessagesFold(storage, storage.items.length);
  }

  value(): Json | undefined {
    return this.#length < 0 ? undefined : this.#storage.items.slice(0, this.#length);
  }
}

/** What keeps a value from being a message or a list of them; undefined when nothing does. */
export function messageProblem(value: Json): string | undefined {
  for (const message of Array.isArray(value) ? value : [value]) {
    if (!isJsonObject(message) || typeof message["type"] !== "string") {
      return 'takes messages (objects with a "type"), one or a list';
    }
    const { id } = message;
    if (id !== undefined && id !== null && typeof id !== "string") return "takes messages whose ids are strings";
    if (message["type"] === "remove" && typeof id !== "string") return 'takes messages to remove with their "id"';
  }
  return undefined;
}

/** So many look-ups are made by looking, before an index of all ids is worth its making: most runs add a message or two. */
const MOST_SCANS = 16;

/** Messages and where each id is among them. */
class Storage {
  readonly items: Json[];
  #placeById: Map<string, number> | undefined;
  #scans = 0;

  constructor(items: Json[], placeById?: Map<string, number>) {
    this.items = items;
    this.#placeById = placeById;
  }

  placeOf(id: string): number | undefined {
    if (this.#placeById === undefined && this.#scans < MOST_SCANS) {
      this.#scans += 1;
      const place = this.items.findLastIndex((message) => idOf(message) === id);
      return place < 0 ? undefined : place;
    }
    return this.#places().get(id);
  }

  add(id: string | undefined, message: Json): void {
    if (id !== undefined) this.#placeById?.set(id, this.items.length);
    this.items.push(message);
  }

  /** The message stays where it is, but nobody finds it any more. */
  hide(id: string): void {
    this.#places().delete(id);
  }

  #places(): Map<string, number> {
    this.#placeById ??= placesOf(this.items);
    return this.#placeById;
  }

  /** It is found again where it stood. */
  show(id: string, place: number): void {
    this.#places().set(id, place);
  }

  /** A copy that may change anywhere. It takes the places along; this storage finds its own again if it is asked. */
  split(length: number): Storage {
    const places = length === this.items.length ? this.#placeById : undefined;
    if (places !== undefined) this.#placeById = undefined;
    return new Storage(this.items.slice(0, length), places);
  }
}

/** The one writer of a storage while a fold is made. */
class Conversation {
  #storage: Storage;
  /** Nobody else holds a part of the storage: it may change anywhere, not only at its end. */
  #mine: boolean;
  /** Places of deleted messages; closed all at once, so that trimming a long conversation is one pass. */
  readonly #holes = new Set<number>();
  /** What the write under way has deleted, and where it stood: written again by the same write it stands there again. */
  readonly #deleted = new Map<string, number>();

  constructor(storage: Storage, length: number) {
    this.#mine = storage.items.length !== length;
    this.#storage = this.#mine ? storage.split(length) : storage;
  }

  /** The next write. */
  begin(): void {
    this.#deleted.clear();
  }

  take(message: Json): void {
    const id = idOf(message);
    const place = id === undefined ? undefined : this.#storage.placeOf(id);
    const deleted = id === undefined ? undefined : this.#deleted.get(id);
    if (isJsonObject(message) && message["type"] === "remove") this.#remove(id, place);
    else if (id !== undefined && deleted !== undefined) this.#restore(id, deleted, message);
    else if (place === undefined) this.#storage.add(id, message);
    else this.#own().items[place] = message;
  }

  close(): Storage {
    if (this.#holes.size === 0) return this.#storage;
    return new Storage(this.#storage.items.filter((_, place) => !this.#holes.has(place)));
  }

  #remove(id: string | undefined, place: number | undefined): void {
    if (id === ALL) {
      this.#storage = new Storage([]);
      this.#mine = true;
      this.#holes.clear();
      this.#deleted.clear();
    } else if (id !== undefined && place !== undefined) {
      this.#own().hide(id);
      this.#holes.add(place);
      this.#deleted.set(id, place);
    }
  }

  #restore(id: string, place: number, message: Json): void {
    const storage = this.#own();
    storage.items[place] = message;
    storage.show(id, place);
    this.#holes.delete(place);
    this.#deleted.delete(id);
  }

  #own(): Storage {
    if (!this.#mine) this.#storage = this.#storage.split(this.#storage.items.length);
    this.#mine = true;
    return this.#storage;
  }
}

function placesOf(messages: readonly Json[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, message] of messages.entries()) {
    const id = idOf(message);
    if (id !== undefined) places.set(id, place);
  }
  return places;
}

function idOf(message: Json): string | undefined {
  const id = isJsonObject(message) ? message["id"] : undefined;
  return typeof id === "string" ? id : undefined;
}
