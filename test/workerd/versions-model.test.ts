import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

/** What the table of versions must amount to, said as plainly as possible. */
interface Model {
  readonly versions: { readonly content: string; published: boolean }[];
  current: number | undefined;
}
type Step =
  | { readonly does: "store" | "draft"; readonly content: string }
  | { readonly does: "publish"; readonly version: number };

function apply(model: Model, step: Step): void {
  if (step.does === "publish") {
    if (model.versions[step.version - 1] !== undefined) makeCurrent(model, step.version);
    return;
  }
  const { versions, current } = model;
  if (current !== undefined && versions[current - 1]?.content === step.content) return;
  if (versions.at(-1)?.content !== step.content) versions.push({ content: step.content, published: false });
  if (step.does === "store") makeCurrent(model, versions.length);
}

function makeCurrent(model: Model, version: number): void {
  const row = model.versions[version - 1];
  if (row !== undefined) row.published = true;
  model.current = version;
}

const content = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constantFrom("store" as const, "draft" as const), content }),
  fc.record({ does: fc.constant("publish" as const), version: fc.integer({ min: 1, max: 5 }) }),
);

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
});

async function perform(graphId: string, done: Step): Promise<void> {
  if (done.does === "publish") {
    await (await call(`/graphs/${graphId}/versions/${done.version}/publish`, { key, method: "POST" })).text();
    return;
  }
  const draft = done.does === "draft" ? "?draft=true" : "";
  await read(call(`/graphs${draft}`, { key, json: { ...DOUBLE, id: graphId, name: done.content } }));
}

function shown({ versions, current }: Model) {
  return versions.map(({ published }, index) => ({
    version: index + 1,
    status: index + 1 === current ? "current" : published ? "published" : "draft",
  }));
}

it("whatever is stored and published, in whatever order, versions are what a model of three rules says", async () => {
  let graphs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      graphs += 1;
      const graphId = `model${graphs}`;
      const model: Model = { versions: [], current: undefined };
      for (const done of steps) {
        apply(model, done);
        await perform(graphId, done);
      }
      if (model.versions.length === 0) return;
      const page = await read<{ versions: { version: number; status: string }[] }>(
        call(`/graphs/${graphId}/versions`, { key }),
      );
      const found = page.versions.map(({ version, status }) => ({ version, status })).reverse();
      expect(found).toEqual(shown(model));
    }),
    { numRuns: 40 },
  );
}, 30_000);
