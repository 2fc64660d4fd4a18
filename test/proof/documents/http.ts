import { startTestServer, type TestServer } from "../../e2e/server.ts";
import type { DocumentCase } from "./case.ts";
import { otherRequests } from "./requests.ts";

/** What a real server answers to documents, one after another. */
export interface Answers {
  readonly count: number;
  /** Requests to what else takes documents, and to views of what was published. */
  readonly others: number;
  readonly published: number;
  readonly refused: number;
  readonly slowest: { readonly ms: number; readonly name: string };
  readonly broken: readonly string[];
  readonly unplaced: readonly string[];
  readonly disagreed: readonly string[];
}

/** Sends each document as `POST /graphs`; `accepted` says what compiling here has said, where it could. */
export async function publishAll(
  documents: Iterable<{ readonly document: DocumentCase; readonly accepted: boolean | undefined }>,
): Promise<Answers> {
  const server = await startTestServer();
  const answers = {
    count: 0,
    others: 0,
    published: 0,
    refused: 0,
    slowest: { ms: 0, name: "" },
    broken: [] as string[],
    unplaced: [] as string[],
    disagreed: [] as string[],
  };
  try {
    for (const { document, accepted } of documents) {
      const { status, ms, body } = await publish(server, document);
      for (const request of otherRequests(document, answers.count, status < 300 ? body : undefined)) {
        const answer = await ask(server, request.path, request.init);
        const name = `${document.name} to ${request.path}`;
        answers.others += 1;
        if (answer.ms > answers.slowest.ms) answers.slowest = { ms: answer.ms, name };
        if (answer.status >= 500 || answer.status === 0)
          answers.broken.push(`${name}: ${answer.status} ${answer.body.slice(0, 200)}`);
        else if (answer.status >= 400 && !hasCode(answer.body))
          answers.unplaced.push(`${name}: ${answer.status} without a code`);
      }
      answers.count += 1;
      if (ms > answers.slowest.ms) answers.slowest = { ms, name: document.name };
      if (status >= 500 || status === 0) answers.broken.push(`${document.name}: ${status} ${body.slice(0, 200)}`);
      else if (status >= 400) {
        answers.refused += 1;
        const fault = refusalFault(status, body);
        if (fault !== undefined) answers.unplaced.push(`${document.name}: ${fault}`);
      } else answers.published += 1;
      // a body that is too large is refused before anybody reads it
      if (accepted !== undefined && status !== 413 && accepted !== status < 300 && !isLinked(body))
        answers.disagreed.push(`${document.name}: ${status} ${body.slice(0, 200)}`);
    }
  } finally {
    await server.remove();
  }
  return answers;
}

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly body: string;
}

function publish(server: TestServer, { type, body }: DocumentCase): Promise<Answer> {
  return ask(server, "/graphs", {
    method: "POST",
    headers: { "content-type": `application/${type}` },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
}

/** Status 0 where there was no answer. */
async function ask(server: TestServer, path: string, init: RequestInit): Promise<Answer> {
  const startedAt = performance.now();
  try {
    const headers = new Headers(init.headers);
    headers.set("x-api-key", server.key);
    const response = await fetch(`${server.url}${path}`, { ...init, headers });
    const body = await response.text();
    return { status: response.status, ms: performance.now() - startedAt, body };
  } catch (error) {
    return { status: 0, ms: performance.now() - startedAt, body: String(error) };
  }
}

/** Compiling here knows no graph of the store, such as those published before. */
function isLinked(body: string): boolean {
  return /"linked":\s*\[\s*\{/.test(body);
}

function hasCode(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as Record<string, unknown>)["code"] === "string";
  } catch {
    return false;
  }
}

/** A refusal has a stable code; one of the document has a pointer, and a place in the text for each problem. */
function refusalFault(status: number, body: string): string | undefined {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return `${status} without JSON`;
  }
  if (typeof answer["code"] !== "string") return `${status} without a code`;
  // what is no text, or too large to be read, has no places
  if (answer["code"] === "payload_too_large" || answer["code"] === "invalid_json") return undefined;
  if (typeof answer["pointer"] !== "string") return `${answer["code"]} without a pointer`;
  const details = Array.isArray(answer["details"]) ? (answer["details"] as Record<string, unknown>[]) : [];
  const placed = details.every(
    ({ code, path, line, column }) =>
      typeof code === "string" && typeof path === "string" && typeof line === "number" && typeof column === "number",
  );
  return details.length > 0 && placed ? undefined : `${answer["code"]}: details without code, path, line or column`;
}
