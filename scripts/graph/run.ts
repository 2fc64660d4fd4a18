import { graphJsonSchema } from "../../src/graph/json-schema.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import { check } from "./check.ts";
import { HELP, readCommand } from "./options.ts";
import type { Output } from "./output.ts";
import { Stop } from "./stop.ts";
import { diff, draw, expand, importDrawing, upgrade } from "./verbs.ts";

/** Does what the arguments say. The answer is the exit code: 0 done, 1 the document has errors, 2 wrong use. */
export function run(arguments_: readonly string[], output: Output): 0 | 1 | 2 {
  try {
    const command = readCommand(arguments_);
    switch (command.verb) {
      case "help":
        output.result(HELP);
        return 0;
      case "check":
        return check(output, command.files, command);
      case "draw":
        return draw(output, command.file, command.as);
      case "diff":
        return diff(output, command.before, command.after);
      case "import":
        return importDrawing(output, command.file, command.id);
      case "expand":
        return expand(output, command.file);
      case "upgrade":
        return upgrade(output, command.file);
      case "schema":
        output.result(`${JSON.stringify(graphJsonSchema(nodeKinds), undefined, 2)}\n`);
        return 0;
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    output.note(`${error.message}\n`);
    return 2;
  }
}
