import { parseArgs } from "node:util";
import { nearest } from "../../src/graph/problems.ts";
import { Stop } from "./stop.ts";

export const FORMATS = ["mermaid", "svg", "dot", "markdown", "drawable"] as const;
export type Format = (typeof FORMATS)[number];

export type Command =
  | { readonly verb: "help" }
  | { readonly verb: "check"; readonly files: readonly string[]; readonly fix: boolean; readonly json: boolean }
  | { readonly verb: "draw"; readonly file: string; readonly as: Format }
  | { readonly verb: "diff"; readonly before: string; readonly after: string }
  | { readonly verb: "import"; readonly file: string; readonly id: string }
  | { readonly verb: "expand"; readonly file: string }
  | { readonly verb: "upgrade"; readonly file: string }
  | { readonly verb: "schema" };

export const HELP = `npm run graph -- VERB …   Works on graph documents; no server is needed.

  check FILE… [--fix] [--json]   every error, warning and hint; --fix mends what is safe, in place
  draw FILE [--as FORMAT]        as mermaid (default), svg, dot, markdown or drawable (LangGraph's JSON)
  diff A B                       what changed from A to B, by the ids of nodes, channels and edges
  import FILE [--id ID]          a draft from a Mermaid flowchart or LangGraph's drawable JSON
  expand FILE                    the compact form (steps) written out with nodes and edges
  upgrade FILE                   the document in the newest format
  schema                         the JSON Schema of documents, for editors

FILE is YAML or JSON, by its extension or else its content; - is standard input. Results go to standard output, notes
and reports to standard error. Exit codes: 0 done, 1 the document has errors, 2 wrong use or a file that cannot be read.
`;

const VERBS = ["check", "draw", "diff", "import", "expand", "upgrade", "schema"] as const;
type Verb = (typeof VERBS)[number];

const OPTIONS = {
  check: { fix: { type: "boolean" }, json: { type: "boolean" } },
  draw: { as: { type: "string" } },
  diff: {},
  import: { id: { type: "string" } },
  expand: {},
  upgrade: {},
  schema: {},
} as const;

/** Files that each verb takes: at least, at most, and how to ask for them. */
const FILES: Readonly<Record<Verb, readonly [least: number, most: number, usage: string]>> = {
  check: [1, Number.POSITIVE_INFINITY, "check FILE… [--fix] [--json]"],
  draw: [1, 1, `draw FILE [--as ${FORMATS.join("|")}]`],
  diff: [2, 2, "diff A B"],
  import: [1, 1, "import FILE [--id ID]"],
  expand: [1, 1, "expand FILE"],
  upgrade: [1, 1, "upgrade FILE"],
  schema: [0, 0, "schema"],
};

/** @throws Stop saying what is wrong and how it is right. */
export function readCommand(arguments_: readonly string[]): Command {
  const [first, ...rest] = arguments_;
  if (first === undefined) throw new Stop(`Say what to do.\n\n${HELP}`);
  if (arguments_.some((each) => each === "--help" || each === "-h") || first === "help") return { verb: "help" };
  const verb = VERBS.find((each) => each === first);
  if (verb === undefined) throw new Stop(unknownVerb(first));
  const { values, positionals } = parse(verb, rest);
  const [least, most, usage] = FILES[verb];
  if (positionals.length < least || positionals.length > most) {
    const wanted =
      most === 0
        ? "takes no file"
        : least === most
          ? `takes ${most === 1 ? "one file" : `${most} files`}`
          : "takes files";
    throw new Stop(
      `${verb} ${wanted}; ${positionals.length} ${positionals.length === 1 ? "was" : "were"} given.\nusage: npm run graph -- ${usage}`,
    );
  }
  return commandOf(verb, values, positionals);
}

interface Values {
  readonly fix?: boolean;
  readonly json?: boolean;
  readonly as?: string;
  readonly id?: string;
}

function commandOf(verb: Verb, values: Values, files: readonly string[]): Command {
  const [file = "", other = ""] = files;
  switch (verb) {
    case "check":
      return { verb, files, fix: values.fix === true, json: values.json === true };
    case "draw":
      return { verb, file, as: formatOf(values.as ?? "mermaid") };
    case "diff":
      return { verb, before: file, after: other };
    case "import":
      return { verb, file, id: values.id ?? idFrom(file) };
    case "schema":
      return { verb };
    case "expand":
    case "upgrade":
      return { verb, file };
  }
}

function parse(verb: Verb, rest: readonly string[]): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...rest], options: OPTIONS[verb], allowPositionals: true });
    return { values: values as Values, positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new Stop(`${message}.\nusage: npm run graph -- ${FILES[verb][2]}`);
  }
}

function unknownVerb(word: string): string {
  const near = nearest(word, VERBS);
  const hint = near === undefined ? `Known are ${VERBS.join(", ")}.` : `Did you mean "${near}"?`;
  return `There is nothing called "${word.slice(0, 80)}" to do. ${hint} \`npm run graph -- --help\` explains them.`;
}

function formatOf(word: string): Format {
  const format = FORMATS.find((each) => each === word);
  if (format === undefined) throw new Stop(`--as is "${word.slice(0, 80)}"; it should be ${FORMATS.join(", ")}.`);
  return format;
}

/** The file's name without folders and extension; the import makes a valid id of it. */
function idFrom(file: string): string {
  return file.replace(/^.*[/\\]/, "").replace(/\.[^.]*$/, "");
}
