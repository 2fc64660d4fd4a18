import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";

/** Published at every start, so that they can be run at once. */
export const EXAMPLES = ["hello", "brief", "digest"] as const;

/** The same document again is the same version, not a new one. */
export async function publishExamples(client: Client, root: string): Promise<void> {
  for (const graph of EXAMPLES) {
    const source = readFileSync(join(root, "examples", graph, "graph.yaml"), "utf8");
    await client.document("/graphs", source, "application/yaml");
  }
}
