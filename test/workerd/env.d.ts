/// <reference types="@cloudflare/vitest-plugin/types" />
import type { D1Migration } from "@cloudflare/vitest-plugin";

declare global {
  namespace Cloudflare {
    interface Env {
      readonly THREADS: DurableObjectNamespace;
      readonly SCHEDULER: DurableObjectNamespace;
      readonly DB: D1Database;
      readonly WAKE: Queue;
      readonly TEST_MIGRATIONS: D1Migration[];
      readonly TEST_LIKENESSES: number;
    }
    interface GlobalProps {
      readonly mainModule: typeof import("../../src/worker.ts");
    }
  }
}
