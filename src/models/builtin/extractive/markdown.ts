/** A run of prose: a paragraph, a list item, a quotation. Sentences never cross its borders. */
export interface Block {
  readonly text: string;
  /** The heading it stands under, without its marks; empty before the first. */
  readonly section: string;
  /** Each item of a list is complete by itself, with or without a full stop. */
  readonly isListItem: boolean;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}#{1,6}[ \t]+(.*)$/;
const UNDERLINE = /^ {0,3}(?:=+|-{2,})[ \t]*$/;
const LIST_ITEM = /^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(.*)$/;
const RULE = /^ {0,3}(?:[-*_][ \t]*){3,}$/;
const QUOTE = /^ {0,3}(?:>[ \t]?)+/;
/** Rows of tables, HTML, link definitions and images: not prose, so never quoted. */
const NOT_PROSE = /^[ \t]*(?:\||<\/?[a-zA-Z!]|\[[^\]]{1,200}\]:|\[?!\[)/;

/** The prose of a Markdown (or plain) text. Code, tables, HTML and front matter are left out. */
export function readBlocks(text: string): readonly Block[] {
  const reader = new BlockReader();
  const lines = text.split(/\r?\n/);
  const start = lines[0]?.trim() === "---" ? lines.indexOf("---", 1) + 1 : 0;
  for (const line of lines.slice(start)) reader.line(line);
  return reader.end();
}

class BlockReader {
  readonly #blocks: Block[] = [];
  #paragraph: string[] = [];
  #isListItem = false;
  #section = "";
  #fence = "";

  line(raw: string): void {
    const fence = FENCE.exec(raw)?.[1];
    if (this.#fence) {
      if (fence?.startsWith(this.#fence) === true) this.#fence = "";
      return;
    }
    if (fence !== undefined) {
      this.#flush();
      this.#fence = fence;
      return;
    }
    const line = raw.replace(QUOTE, "");
    const heading = HEADING.exec(line)?.[1];
    if (heading !== undefined) this.#startSection(heading.replace(/[ \t]#+[ \t]*$/, ""));
    else if (UNDERLINE.test(line) && this.#paragraph.length === 1 && !this.#isListItem)
      this.#startSection(this.#paragraph.splice(0).join(" "));
    else this.#prose(line);
  }

  end(): readonly Block[] {
    this.#flush();
    return this.#blocks;
  }

  #prose(line: string): void {
    const item = LIST_ITEM.exec(line)?.[1];
    if (line.trim() === "" || NOT_PROSE.test(line) || RULE.test(line)) return this.#flush();
    if (item === undefined) {
      this.#paragraph.push(line.trim());
      return;
    }
    this.#flush();
    this.#isListItem = true;
    this.#paragraph.push(item.trim());
  }

  #startSection(heading: string): void {
    this.#flush();
    this.#section = plain(heading.replace(/<[^<>]{0,500}>/g, ""))
      .replace(/[*_`]/g, "")
      .slice(0, 80);
  }

  #flush(): void {
    const text = plain(this.#paragraph.join(" "));
    if (text) this.#blocks.push({ text, section: this.#section, isListItem: this.#isListItem });
    this.#paragraph = [];
    this.#isListItem = false;
  }
}

/** Links and images reduced to their words, white space to single spaces; emphasis and code stay as written. */
function plain(text: string): string {
  return text
    .replace(/!\[[^\][]{0,300}\]\([^()\s]{0,500}\)/g, "")
    .replace(/\[([^\][]{1,300})\]\([^()]{0,500}\)/g, "$1")
    .replace(/<!--.{0,500}?-->/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
