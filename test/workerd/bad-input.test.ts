import { beforeAll, describe, expect, it } from "vitest";
import { otherRequests } from "../proof/documents/requests.ts";
import { semanticCases } from "../proof/documents/semantic.ts";
import { call, migrate, newKey } from "./client.ts";

/** Large ones are for `npm run proof -- documents`, which sends all of them and fuzzed ones to a real server. */
const SMALL = semanticCases().filter(({ body }) => body.length < 20_000);
const NTH = 5;

describe("documents that make no sense", () => {
  let key: string;
  beforeAll(async () => {
    await migrate();
    key = await newKey("bad-input");
  });

  it("get no answer of 500 and above, and each refusal has a code and pointer", { timeout: 60_000 }, async () => {
    const broken: string[] = [];
    for (const [turn, document] of SMALL.filter((_, at) => at % NTH === 0).entries()) {
      const headers = { "content-type": `application/${document.type}` };
      const answer = await call("/graphs/validate", { key, headers, body: document.body });
      const { valid, problems } = (await answer.json()) as {
        valid: boolean;
        problems: { code: string; path: string }[];
      };
      const placed = problems.every(({ code, path }) => /^[a-z_]+$/.test(code) && /^(?:\/|$)/.test(path));
      if (answer.status !== 200 || !placed || (!valid && problems.length === 0))
        broken.push(`${document.name}: ${answer.status}`);
      for (const { path, init } of otherRequests(document, turn, undefined)) {
        const { status } = await call(path, {
          key,
          headers: { "content-type": new Headers(init.headers).get("content-type") ?? "" },
          body: init.body as string,
        });
        if (status >= 500) broken.push(`${document.name} to ${path}: ${status}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
