import type { DocumentCase } from "./case.ts";

/** What `fetch` is given; the key comes with sending it. */
export interface OtherRequest {
  readonly path: string;
  readonly init: RequestInit;
}

type Maker = (document: DocumentCase) => OtherRequest;

const post = (path: string, type: string, body: BodyInit): OtherRequest => ({
  path,
  init: { method: "POST", headers: { "content-type": type }, body },
});
const bytesOf = ({ body }: DocumentCase): BodyInit => (typeof body === "string" ? body : new Uint8Array(body));
const asJson = ({ body }: DocumentCase): string => (typeof body === "string" && body !== "" ? body : "{}");

/** Routes that take a document, or a drawing, from anybody. */
const ROUTES: readonly Maker[] = [
  (document) => post("/graphs/validate", `application/${document.type}`, bytesOf(document)),
  (document) => post("/graphs/fix", `application/${document.type}`, bytesOf(document)),
  // what is no JSON breaks the whole body, which is a case too
  (document) => post("/graphs/merge", "application/json", `{"base":{},"ours":${asJson(document)},"theirs":{"id":"a"}}`),
  (document) => post("/graphs/import?from=mermaid&id=imported", "text/plain", bytesOf(document)),
  (document) => post("/graphs/import?from=langgraph&id=imported", "application/json", bytesOf(document)),
  (document) => post("/graphs?draft=true", `application/${document.type}`, bytesOf(document)),
];

const VIEWS = ["preview?format=mermaid", "preview?format=svg", "preview?format=dot", "preview?format=drawable"].concat(
  "preview?format=markdown",
  "estimate",
  "versions",
);

/** One of the other routes in turn and, of what was published (`answer`), one of its views. */
export function otherRequests(document: DocumentCase, turn: number, answer: string | undefined): OtherRequest[] {
  const other = ROUTES[turn % ROUTES.length]?.(document);
  const id = answer === undefined ? undefined : /"graph_id":\s*"([^"]+)"/.exec(answer)?.[1];
  const view = VIEWS[turn % VIEWS.length];
  return [
    ...(other === undefined ? [] : [other]),
    ...(id === undefined || view === undefined ? [] : [{ path: `/graphs/${id}/${view}`, init: {} }]),
  ];
}
