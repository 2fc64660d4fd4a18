/** Why an open development server answers this request not, or undefined. Pages of other sites and rebound names stay outside. */
export function refusalInOpenMode(request: Request): string | undefined {
  const hosts = [new URL(request.url).hostname, ...hostNames(request.headers.get("host"))];
  if (!hosts.every(isLoopback)) return "This development server is open, and so answers only to localhost.";
  const origin = request.headers.get("origin");
  if (origin !== null && !isLoopback(URL.parse(origin)?.hostname ?? "")) {
    return "This development server is open, and so answers no pages of other origins.";
  }
  // Set by browsers on requests that carry no Origin, such as those of an <img>.
  if (request.headers.get("sec-fetch-site") === "cross-site") {
    return "This development server is open, and so answers no requests of other sites.";
  }
  return undefined;
}

function hostNames(host: string | null): readonly string[] {
  return host === null ? [] : [URL.parse(`http://${host}`)?.hostname ?? ""];
}

/** 127.0.0.0/8, localhost, [::1], as URL writes them: other spellings of an address are normal form by then. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
