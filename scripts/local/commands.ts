import type { Terminal } from "./terminal.ts";

/** Three commands that work as they stand, in the repository's folder. */
export function nextCommands(
  terminal: Terminal,
  url: string,
  keyPath: string,
  job: { readonly threadId: string; readonly runId: string } | undefined,
): readonly string[] {
  const key = `-H "x-api-key: $(cat ${quote(keyPath)})"`;
  const json = `-H 'content-type: application/json'`;
  const hello = `"assistant_id":"hello","input":{"text":"Edgewise runs graphs. Each run is a log. A log outlives its process.","question":"What outlives a process?"}`;
  const commands: [title: string, command: string][] = [
    ["Run a graph and wait for its result", `curl -s ${url}/runs/wait ${key} ${json} -d '{${hello}}'`],
    [
      "Follow one while it runs",
      `curl -sN ${url}/runs/stream ${key} ${json} -d '{${hello},"stream_mode":["updates","messages-tuple"]}'`,
    ],
  ];
  if (job !== undefined) {
    const run = `${url}/threads/${job.threadId}/runs/${job.runId}`;
    commands.push(["Where the time of the run just made went", `curl -s ${run}/profile ${key}`]);
  }
  return commands.flatMap(([title, command]) => [terminal.style("dim", `# ${title}`), command, ""]);
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
