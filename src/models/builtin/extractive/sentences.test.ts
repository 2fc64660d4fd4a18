import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBlocks } from "./markdown.ts";
import { readSentences, splitSentences } from "./sentences.ts";

describe("sentences", () => {
  it.each([
    ["One is here. Two is there! Is three? Yes.", ["One is here.", "Two is there!", "Is three?", "Yes."]],
    ["It costs 3.5 dollars, e.g. in Paris. Next.", ["It costs 3.5 dollars, e.g. in Paris.", "Next."]],
    ["Dr. Smith met J. Doe. They left.", ["Dr. Smith met J. Doe.", "They left."]],
    ["He said “Stop.” Then he left.", ["He said “Stop.”", "Then he left."]],
    ["Call `run.ts`. It starts.", ["Call `run.ts`.", "It starts."]],
    ["See https://example.com/a.b?c=d now. Good.", ["See https://example.com/a.b?c=d now.", "Good."]],
    ["Wait... what? no idea.", ["Wait... what? no idea."]],
    ["No end", ["No end"]],
    ["这是一个文档。它在运行！", ["这是一个文档。", "它在运行！"]],
    ["", []],
  ])("%j", (block, expected) => {
    expect(splitSentences(block)).toEqual(expected);
  });

  it("together are the block, nothing lost and nothing added", () => {
    const words = fc.constantFrom(
      "one",
      "Two",
      "e.g.",
      "3.5",
      "end.",
      "“Stop.”",
      "what?",
      "J.",
      "。",
      "(so",
      "far)",
      "!",
    );
    fc.assert(
      fc.property(fc.array(words), (parts) => {
        const block = parts.join(" ");
        expect(splitSentences(block).join("").replace(/\s/g, "")).toBe(block.replace(/\s/g, ""));
      }),
    );
  });
});

describe("Markdown", () => {
  const text = `---
title: x
---
# <img src="a.svg"> The **project**

Some prose over
two lines with a [link](https://example.com/x) in it.

![badge](https://example.com/b.svg)
[![badge](b.svg)](c)

## Usage ##

\`\`\`js
const code = "never quoted. Never.";
\`\`\`

- First item, which
  goes on.
* Second item
1. Third item.

| a | b |
|---|---|
| c | d |

> A quotation of somebody.

<div>HTML is no prose.</div>

Underlined
==========
Last words.`;

  it("gives its prose by section, without code, tables, HTML, images and front matter", () => {
    expect(readBlocks(text).map((block) => `${block.section}: ${block.text}`)).toEqual([
      "The project: Some prose over two lines with a link in it.",
      "Usage: First item, which goes on.",
      "Usage: Second item",
      "Usage: Third item.",
      "Usage: A quotation of somebody.",
      "Underlined: Last words.",
    ]);
  });

  it("that never closes its code gives none of it", () => {
    expect(readBlocks("Before it.\n```\nconst a = 1;")).toHaveLength(1);
  });

  it("cites a section once, and leaves lead-ins and scraps out", () => {
    const found = readSentences([{ title: "README", text: `${text}\n\nThere are three of them:\n\nToo short.` }]);
    expect(found.map(({ source, text: sentence }) => `${sentence} [${source}]`)).toEqual([
      "Some prose over two lines with a link in it. [README § The project]",
      "First item, which goes on. [README § Usage]",
      "A quotation of somebody. [README § Usage]",
    ]);
  });
});
