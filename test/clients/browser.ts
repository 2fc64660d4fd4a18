import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./case.ts";
import { BROWSER } from "./packages.ts";
import type { Result } from "./results.ts";

const WHAT = "useStream (@langchain/langgraph-sdk/react)";
/** Where Linux distributions put theirs; CHROME_PATH goes first, the packed one of npm last. */
const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The page's claims in a real browser; undefined where none starts. @throws Error when the process itself fails */
export async function playBrowser({ url, key }: Pick<Place, "url" | "key">): Promise<Result[] | undefined> {
  const chrome = process.env["CHROME_PATH"] ?? INSTALLED.find((path) => existsSync(path));
  const child = spawn(process.execPath, [join(BROWSER, "play.mjs"), url, ...(key === undefined ? [] : [key])], {
    cwd: BROWSER,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...(chrome !== undefined && { CHROME_PATH: chrome }) },
  });
  let [output, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (output += piece));
  child.stderr.setEncoding("utf8").on("data", (piece: string) => (complaints += piece));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code === 3) return undefined;
  if (code !== 0) throw new Error(`play.mjs ended with ${String(code)}: ${complaints}`);
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => {
      const { name, ...more } = JSON.parse(line) as { name: string; milliseconds: number; fault?: string };
      return {
        name: `useStream: ${name}`,
        about: name.split(", ").map((field) => `${WHAT}:${field}`),
        with: "Chromium",
        ...more,
      };
    });
}
