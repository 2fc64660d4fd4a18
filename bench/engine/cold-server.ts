import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

// W7, as a process: starts the server that the file describes, sends it one request and says that the answer came.
const [path = ""] = process.argv.slice(2);
const { options, request } = JSON.parse(readFileSync(path, "utf8")) as {
  readonly options: Parameters<typeof convertV4MiniflareOptions>[0];
  readonly request: { readonly path: string; readonly headers: Record<string, string>; readonly body: string };
};
const miniflare = new Miniflare(convertV4MiniflareOptions({ ...options, log: new Log(LogLevel.NONE) }));
const url = await miniflare.ready;
const { headers, body } = request;
const answer = await fetch(new URL(request.path, url), { method: "POST", headers, body });
const text = await answer.text();
process.stdout.write(answer.ok && !text.includes("__error__") ? "done\n" : `failed: ${answer.status} ${text}\n`);
await miniflare.dispose();
