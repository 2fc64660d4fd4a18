import { openOutput } from "./output.ts";
import { run } from "./run.ts";

// npm runs scripts in the repository's folder; files are meant from where somebody typed.
const typedIn = process.env["npm_lifecycle_event"] === "graph" ? process.env["INIT_CWD"] : undefined;
if (typedIn !== undefined) process.chdir(typedIn);

process.exitCode = run(process.argv.slice(2), openOutput());
