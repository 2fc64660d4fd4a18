import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Place } from "./case.ts";
import { CLIENTS } from "./packages.ts";
import type { Result } from "./results.ts";

/** RemoteGraph's claims, in a process of their own. @throws Error when the process itself fails */
export async function playRemoteGraph({ url, key }: Pick<Place, "url" | "key">): Promise<Result[]> {
  const child = spawn(process.execPath, [join(CLIENTS, "remote-graph.mjs"), url, ...(key === undefined ? [] : [key])], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
  });
  let [output, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (output += piece));
  child.stderr.setEncoding("utf8").on("data", (piece: string) => (complaints += piece));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`remote-graph.mjs ended with ${String(code)}: ${complaints}`);
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => {
      const { name, ...more } = JSON.parse(line) as { name: string; milliseconds: number; fault?: string };
      const who = `RemoteGraph 1.4.12${key === undefined ? ", open" : ""}`;
      return { name: `RemoteGraph: ${name}`, about: [`RemoteGraph:${name}`], with: who, ...more };
    });
}
