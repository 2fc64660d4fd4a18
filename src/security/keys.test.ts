import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { secureRandom } from "../base/ids.ts";
import { presentedKey } from "./carriers.ts";
import { KeyRing } from "./key-ring.ts";
import { type KeyRow, matchesRow, mintKey, parseKey } from "./keys.ts";

const mint = (tenant = "acme") => mintKey(tenant, "test", secureRandom, 1_000);
const parsed = (key: string) => {
  const parts = parseKey(key);
  if (parts === undefined) throw new Error(`no key: ${key}`);
  return parts;
};

describe("a key", () => {
  it("is read back, whatever its tenant is called, and fits an HTTP token", () => {
    const tenants = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(tenants, (tenant) => {
        const { key, row } = mint(tenant);
        expect(key).toMatch(/^[a-z0-9~_-]+$/);
        expect(parsed(key)).toMatchObject({ tenant, keyId: row.keyId });
        expect(matchesRow(parsed(key), row)).toBe(true);
      }),
    );
  });
  it("leaves no secret in its row", () => {
    const { key, row } = mint();
    expect(JSON.stringify(row)).not.toContain(parsed(key).secret);
  });
  it("matches no other row: another secret, another tenant, revoked, damaged", () => {
    const [one, other] = [mint(), mint()];
    expect(matchesRow(parsed(one.key), other.row)).toBe(false);
    expect(matchesRow(parsed(one.key), { ...one.row, tenant: "other" })).toBe(false);
    expect(matchesRow(parsed(one.key), { ...one.row, revokedAt: 5 })).toBe(false);
    expect(matchesRow(parsed(one.key), { ...one.row, secretHash: "" })).toBe(false);
  });
  it.each(["", "ewk_", "ewk_acme", "ewk__00_00", "Bearer x", "lsv2_pt_x", "ewk_acme_00_00_00", "ewk_a.b_x_y"])(
    "is not %j",
    (text) => {
      expect(parseKey(text)).toBeUndefined();
    },
  );
  it("is not what only looks like one: upper case, space or line end around it", () => {
    const { key } = mint();
    for (const text of [key.toUpperCase(), ` ${key}`, `${key} `, `${key}\n`, key.slice(0, -1), `${key}0`]) {
      expect(parseKey(text)).toBeUndefined();
    }
  });
});

describe("the key ring", () => {
  const store = (row: KeyRow | undefined) => {
    const state = { row, asked: 0 };
    const find = async () => {
      state.asked += 1;
      return state.row;
    };
    return { state, find };
  };

  it("asks once in 30 s for a good key, and sees a revocation after them", async () => {
    const { key, row } = mint();
    const { state, find } = store(row);
    const ring = new KeyRing();
    expect(await ring.recognizes(parsed(key), find, 0)).toBe(true);
    state.row = { ...row, revokedAt: 1 };
    expect(await ring.recognizes(parsed(key), find, 29_999)).toBe(true);
    expect(await ring.recognizes(parsed(key), find, 30_000)).toBe(false);
    expect(state.asked).toBe(2);
  });
  it("forgets a revoked key at once in its own isolate", async () => {
    const { key, row } = mint();
    const { state, find } = store(row);
    const ring = new KeyRing();
    await ring.recognizes(parsed(key), find, 0);
    state.row = { ...row, revokedAt: 1 };
    ring.forget(row.tenant, row.keyId);
    expect(await ring.recognizes(parsed(key), find, 1)).toBe(false);
  });
  it("remembers no refusal", async () => {
    const { key, row } = mint();
    const { state, find } = store(undefined);
    const ring = new KeyRing();
    expect(await ring.recognizes(parsed(key), find, 0)).toBe(false);
    state.row = row;
    expect(await ring.recognizes(parsed(key), find, 1)).toBe(true);
  });
  it("does not take a wrong secret for a remembered key", async () => {
    const { key, row } = mint();
    const { find } = store(row);
    const ring = new KeyRing();
    await ring.recognizes(parsed(key), find, 0);
    const forged = { ...parsed(key), secret: "0".repeat(64) };
    expect(await ring.recognizes(forged, find, 1)).toBe(false);
  });
});

describe("carriers", () => {
  const key = "ewk_a_b_c";
  it.each([
    [{ authorization: `Bearer ${key}` }],
    [{ authorization: `bearer   ${key} ` }],
    [{ "x-api-key": key }],
    [{ "sec-websocket-protocol": `edgewise, edgewise.key.${key}` }],
    [{ authorization: `Bearer ${key}`, "x-api-key": key }],
  ])("%j carries the key", (headers) => {
    expect(presentedKey(new Headers(headers as Record<string, string>))).toEqual({ kind: "key", key });
  });
  it.each([
    [{ authorization: "Basic YTpi" }],
    [{ authorization: "" }],
    [{ authorization: "Bearer a b" }],
    [{ "x-api-key": "" }],
    [{ "sec-websocket-protocol": "edgewise.key." }],
    [{ authorization: `Bearer ${key}`, "x-api-key": `${key}2` }],
    [{ "x-api-key": key, authorization: "Basic YTpi" }],
    [{ "sec-websocket-protocol": "edgewise.key.a, edgewise.key.b" }],
  ])("%j carries nothing usable", (headers) => {
    expect(presentedKey(new Headers(headers as Record<string, string>))).toEqual({ kind: "unusable" });
  });
  it("two values of x-api-key are no key", () => {
    const headers = new Headers([
      ["x-api-key", key],
      ["x-api-key", key],
    ]);
    const presented = presentedKey(headers);
    expect(presented.kind === "key" ? parseKey(presented.key) : undefined).toBeUndefined();
  });
  it("no header carries none", () => {
    expect(presentedKey(new Headers({ cookie: `key=${key}` }))).toEqual({ kind: "none" });
  });
});
