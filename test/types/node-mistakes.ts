// What must not compile in nodes written in TypeScript; see graph-mistakes.ts.
import { z } from "zod";
import { channel, defineNode, expression, template } from "../../src/authoring.ts";

const head = { kind: "own", summary: "Made for a test", effect: "pure" } as const;

defineNode({
  ...head,
  config: {
    text: template(),
    count: expression(z.number()),
    anything: expression(),
    maybe: template().optional(),
    plain: z.string().default("x"),
    write: channel(),
  },
  run: ({ text, count, anything, maybe, plain, write, ...rest }, { state }) => {
    const texts: readonly string[] = [text, plain, write];
    const sum: number = count + 1;
    // @ts-expect-error a text is no number
    const wrongText: number = text;
    // @ts-expect-error what an expression without a schema gives is any JSON
    const wrongAny: string = anything;
    // @ts-expect-error an optional field may be absent
    const wrongMaybe: string = maybe;
    // @ts-expect-error a channel may be absent
    const wrongRead: string = state.read("facts");
    // @ts-expect-error no such field
    const wrongField: unknown = rest.txt;
    return { [write]: [...texts, sum, wrongText, wrongAny, wrongMaybe, wrongRead, String(wrongField)] };
  },
});

// @ts-expect-error what is written is JSON
defineNode({ ...head, config: {}, run: () => ({ at: new Date(0) }) });

// @ts-expect-error an effect is said
defineNode({ kind: "own", summary: "Made for a test", config: {}, run: () => ({}) });

// @ts-expect-error no such effect
defineNode({ ...head, effect: "harmless", config: {}, run: () => ({}) });

// @ts-expect-error not a duration
defineNode({ ...head, timeout: "5 minutes", config: {}, run: () => ({}) });

// @ts-expect-error a field is a marker or a zod schema
defineNode({ ...head, config: { text: "template" }, run: () => ({}) });
