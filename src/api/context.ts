import type { Context } from "hono";
import type { Config, Env } from "../config.ts";
import type { NodeKinds } from "../nodes/registry.ts";
import type { Database } from "../storage/database.ts";
import type { ThreadsPort } from "./threads-port.ts";

/** What every handler finds in its context; the middleware of app.ts puts it there. */
export interface ApiEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    config: Config;
    database: Database;
    threads: ThreadsPort;
    /** The kinds of nodes of this deployment. */
    kinds: NodeKinds;
    /** Set by authentication; a route that needs no key has none. */
    tenant: string;
    /** The API key's id; null on an open development server, where none is needed. */
    keyId: string | null;
  };
}

export type ApiContext = Context<ApiEnv>;
