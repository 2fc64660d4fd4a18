import { type TestServer, startTestServer } from "../e2e/server.ts";
import type { Place } from "./case.ts";
import { GRAPHS, publishGraphs } from "./graphs.ts";
import { startHook } from "./hook.ts";

/** A server with the cases' graphs. */
export interface Stage extends Place {
  readonly server: TestServer;
  close(): Promise<void>;
}

/** @param isOpen whether it needs no key */
export async function openStage(isOpen: boolean): Promise<Stage> {
  const hook = await startHook();
  const open = isOpen ? { EDGEWISE_OPEN: "1" } : {};
  const server = await startTestServer({ EDGEWISE_DECLARED_ORIGINS: hook.origin, ...open });
  await publishGraphs(server, GRAPHS);
  return {
    server,
    url: server.url,
    key: isOpen ? undefined : server.key,
    hook,
    close: async () => {
      hook.stop();
      await server.remove();
    },
  };
}
