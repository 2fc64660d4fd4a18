import { secureRandom } from "../base/ids.ts";
import { VERSION } from "../version.ts";
import { docsPage } from "./docs-page.ts";
import { type ApiRouter, newRouter } from "./routing.ts";

/** The API's own description: OpenAPI 3.1 from the routes' schemas, and a page that shows it. */
export function description(app: ApiRouter): ApiRouter {
  const router = newRouter();
  let document: string | undefined;
  router.get("/openapi.json", (c) => {
    document ??= JSON.stringify(openApiDocument(app));
    return c.body(document, 200, { "content-type": "application/json" });
  });
  router.get("/docs", (c) => {
    const nonce = Buffer.from(secureRandom(16)).toString("base64");
    const policy = [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; ");
    return c.html(docsPage(nonce), 200, { "content-security-policy": policy, "referrer-policy": "no-referrer" });
  });
  return router;
}

export function openApiDocument(app: ApiRouter) {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
  });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Edgewise",
      version: VERSION,
      description: "Durable runs of graphs of language-model work. Threads and runs speak LangGraph's protocol.",
    },
    security: [{ bearer: [] }, { apiKey: [] }],
  });
}
