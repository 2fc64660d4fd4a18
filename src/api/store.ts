import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import type { MemoryStore, StoreItem } from "../memory/contract.ts";
import { keyFault, namespaceFault } from "../storage/item-place.ts";
import { ANY } from "../storage/item-range.ts";
import { createItemStore } from "../storage/items.ts";
import type { ApiContext } from "./context.ts";
import { JsonObjectSchema, FilterObject, answers, jsonAnswer, jsonBody, newRouter, sendJson } from "./routing.ts";

/** LangGraph's store: items by namespace and key, what nodes of the kinds `store-get` and `store-put` see too. */
const tags = ["Store"];
const MINUTE_MS = 60_000;
/** Ten years. */
const LONGEST_TTL_MINUTES = 10 * 366 * 24 * 60;
/** What LangGraph keeps for itself. */
const RESERVED_ROOT = "langgraph";

const namespace = z.array(z.string().max(1_000)).max(50);
const key = z.string().max(1_000);
const page = (most: number) => ({
  limit: z.int().min(1).max(most).nullish(),
  offset: z.int().min(0).max(1_000_000).nullish(),
});

export const Item = z
  .object({
    namespace: z.array(z.string()),
    key: z.string(),
    value: JsonObjectSchema,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Item");

const putItem = createRoute({
  method: "put",
  path: "/store/items",
  tags,
  summary: "Keep an item",
  description: "An update keeps `created_at`, and `updated_at` grows with each. `index` is accepted and not needed.",
  request: {
    body: jsonBody(
      z.object({
        namespace,
        key,
        value: JsonObjectSchema,
        index: z.union([z.literal(false), z.array(z.string())]).nullish(),
        ttl: z.number().positive().max(LONGEST_TTL_MINUTES).nullish().openapi({ description: "Minutes." }),
      }),
    ),
  },
  responses: answers({ 204: { description: "Kept." } }),
});
const getItem = createRoute({
  method: "get",
  path: "/store/items",
  tags,
  summary: "Get an item",
  request: {
    query: z.object({
      namespace: z.string().max(3_000).default("").openapi({ description: "Its parts, joined by dots." }),
      key,
      refresh_ttl: z.enum(["true", "false", "1", "0"]).optional().openapi({
        description: "Whether its time to live begins anew; it does unless told otherwise.",
      }),
    }),
  },
  responses: answers({ 200: jsonAnswer("The item; null where there is none.", Item.nullable()) }),
});
const deleteItem = createRoute({
  method: "delete",
  path: "/store/items",
  tags,
  summary: "Delete an item",
  request: { body: jsonBody(z.object({ namespace, key })) },
  responses: answers({ 204: { description: "It is not there, or not any more." } }),
});
const searchItems = createRoute({
  method: "post",
  path: "/store/items/search",
  tags,
  summary: "Search items below a namespace",
  description:
    "By namespace, then by key. `query` is accepted; without an index of meanings it finds what there is without it.",
  request: {
    body: jsonBody(
      z.object({
        namespace_prefix: namespace.nullish(),
        filter: FilterObject.openapi({
          description:
            "By key of the value: what it equals, or `$eq $ne $gt $gte $lt $lte` with what it is compared with.",
        }),
        query: z.string().nullish(),
        refresh_ttl: z.boolean().nullish(),
        ...page(1_000),
      }),
    ),
  },
  responses: answers({ 200: jsonAnswer("The items.", z.object({ items: z.array(Item) })) }),
});
const listNamespaces = createRoute({
  method: "post",
  path: "/store/namespaces",
  tags,
  summary: "List the namespaces that hold something",
  request: {
    body: jsonBody(
      z.object({
        prefix: namespace.nullish().openapi({ description: "`*` stands for any one part." }),
        suffix: namespace.nullish(),
        max_depth: z.int().min(1).max(100).nullish().openapi({ description: "Longer ones are cut to so many parts." }),
        ...page(10_000),
      }),
    ),
  },
  responses: answers({
    200: jsonAnswer("Each once, sorted.", z.object({ namespaces: z.array(z.array(z.string())) })),
  }),
});

export const store = newRouter()
  .openapi(putItem, async (c) => {
    const body = c.req.valid("json");
    checkItem(body.namespace, body.key);
    if (body.namespace[0] === RESERVED_ROOT) {
      throw badNamespace("/namespace/0", `The root "${RESERVED_ROOT}" is kept for LangGraph itself; take another.`);
    }
    const life = typeof body.ttl === "number" ? { ttlMs: Math.ceil(body.ttl * MINUTE_MS) } : {};
    await storeOf(c).put(body.namespace, body.key, body.value, { evenIfSame: true, ...life });
    return c.body(null, 204);
  })
  .openapi(getItem, async (c) => {
    const { namespace: joined, key: wanted, refresh_ttl: refresh } = c.req.valid("query");
    const parts = joined === "" ? [] : joined.split(".");
    checkItem(parts, wanted);
    const item = await storeOf(c).get(parts, wanted, { renew: refresh !== "false" && refresh !== "0" });
    return sendJson(c, item === undefined ? null : toView(item));
  })
  .openapi(deleteItem, async (c) => {
    const body = c.req.valid("json");
    checkItem(body.namespace, body.key);
    await storeOf(c).delete(body.namespace, body.key);
    return c.body(null, 204);
  })
  .openapi(searchItems, async (c) => {
    const { namespace_prefix: prefix, filter, refresh_ttl: refresh, limit, offset } = c.req.valid("json");
    checkParts(prefix, "/namespace_prefix");
    const found = await storeOf(c).search({
      prefix: prefix ?? [],
      ...(filter ? { filter } : {}),
      limit: limit ?? 10,
      offset: offset ?? 0,
      renew: refresh !== false,
    });
    return sendJson(c, { items: found.map(toView) });
  })
  .openapi(listNamespaces, async (c) => {
    const { prefix, suffix, max_depth: maxDepth, limit, offset } = c.req.valid("json");
    for (const [parts, pointer] of [
      [prefix, "/prefix"],
      [suffix, "/suffix"],
    ] as const) {
      checkParts(
        parts?.filter((part) => part !== ANY),
        pointer,
      );
    }
    const namespaces = await storeOf(c).namespaces({
      prefix: prefix ?? [],
      suffix: suffix ?? [],
      ...(typeof maxDepth === "number" ? { maxDepth } : {}),
      limit: limit ?? 100,
      offset: offset ?? 0,
    });
    return sendJson(c, { namespaces });
  });

function storeOf(c: ApiContext): MemoryStore {
  return createItemStore(c.var.database, c.var.tenant);
}

/** @throws EdgewiseError `invalid_namespace`, `invalid_request` for a key that no item has */
function checkItem(parts: readonly string[], itemKey: string): void {
  const fault = namespaceFault(parts);
  if (fault !== undefined) throw badNamespace("/namespace", fault);
  const wrong = keyFault(itemKey);
  if (wrong !== undefined) throw failure("invalid_request", wrong, { pointer: "/key" });
}

/** Of a part of a namespace, none at all included. */
function checkParts(parts: readonly string[] | null | undefined, pointer: string): void {
  const fault = !parts || parts.length === 0 ? undefined : namespaceFault(parts);
  if (fault !== undefined) throw badNamespace(pointer, fault);
}

function badNamespace(pointer: string, message: string) {
  return failure("invalid_namespace", message, { pointer });
}

function toView(item: StoreItem): z.infer<typeof Item> {
  const { namespace: parts, key: name, value, createdAt, updatedAt } = item;
  return {
    namespace: [...parts],
    key: name,
    value,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  };
}
