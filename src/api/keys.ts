import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { secureRandom } from "../base/ids.ts";
import { type KeyRow, mintKey } from "../security/keys.ts";
import { insertKey, listKeys, revokeKey } from "../storage/keys.ts";
import { keyRing } from "./auth.ts";
import { badCursor, fromCursor, toCursor, toPage } from "./cursor.ts";
import { answers, jsonAnswer, jsonBody, newRouter, queryNumber, sendJson } from "./routing.ts";

const ApiKey = z
  .object({
    key_id: z.string(),
    name: z.string(),
    created_at: z.iso.datetime(),
    revoked_at: z.iso.datetime().nullable(),
  })
  .openapi("ApiKey");

const NewApiKey = ApiKey.extend({
  key: z.string().openapi({ description: "The key itself. It is shown here once and kept nowhere." }),
}).openapi("NewApiKey");

const createKey = createRoute({
  method: "post",
  path: "/keys",
  tags: ["Keys"],
  summary: "Create an API key",
  description: "The new key belongs to the tenant of the key that asks.",
  request: { body: jsonBody(z.object({ name: z.string().min(1).max(100) })) },
  responses: answers({ 201: jsonAnswer("The key, shown once.", NewApiKey) }),
});

const listAllKeys = createRoute({
  method: "get",
  path: "/keys",
  tags: ["Keys"],
  summary: "List API keys",
  request: {
    query: z.object({ limit: queryNumber({ min: 1, max: 100, default: 50 }), cursor: z.string().optional() }),
  },
  responses: answers({
    200: jsonAnswer(
      "Newest first, revoked ones too.",
      z.object({ keys: z.array(ApiKey), next_cursor: z.string().nullable() }),
    ),
  }),
});

const deleteKey = createRoute({
  method: "delete",
  path: "/keys/{key_id}",
  tags: ["Keys"],
  summary: "Revoke an API key",
  description: "It is refused at once where the revocation is handled, and within 30 seconds everywhere.",
  request: { params: z.object({ key_id: z.string().max(100) }) },
  responses: answers({ 204: { description: "Revoked (also if it was already)." } }),
});

export const keys = newRouter()
  .openapi(createKey, async (c) => {
    const { name } = c.req.valid("json");
    const { key, row } = mintKey(c.var.tenant, name, secureRandom, Date.now());
    await insertKey(c.var.database, c.var.tenant, row);
    return sendJson(c, { ...toView(row), key }, 201);
  })
  .openapi(listAllKeys, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? {} : { after: keyCursor(cursor) };
    const rows = await listKeys(c.var.database, c.var.tenant, { limit: limit + 1, ...after });
    const { page, next } = toPage(rows, limit, (row) => toCursor(String(row.createdAt), row.keyId));
    return sendJson(c, { keys: page.map(toView), next_cursor: next });
  })
  .openapi(deleteKey, async (c) => {
    const keyId = c.req.valid("param").key_id;
    const known = await revokeKey(c.var.database, c.var.tenant, keyId, Date.now());
    keyRing.forget(c.var.tenant, keyId);
    if (!known) throw failure("not_found", "There is no such key.");
    return c.body(null, 204);
  });

function keyCursor(cursor: string) {
  const [createdAt = "", keyId = ""] = fromCursor(cursor, 2);
  if (!/^\d{1,15}$/.test(createdAt)) throw badCursor();
  return { createdAt: Number(createdAt), keyId };
}

function toView(row: KeyRow): z.infer<typeof ApiKey> {
  const revokedAt = row.revokedAt === null ? null : new Date(row.revokedAt).toISOString();
  return {
    key_id: row.keyId,
    name: row.name,
    created_at: new Date(row.createdAt).toISOString(),
    revoked_at: revokedAt,
  };
}
