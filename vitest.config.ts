import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** These count rows of all tenants, look at what all files have registered, or make a database of their own: each has a runtime to itself, which costs two seconds. */
const ALONE = ["api", "dead-letters", "node-examples", "queues", "sweep", "versions-migration"].map(
  (name) => `test/workerd/${name}.test.ts`,
);

const workerd = () =>
  cloudflareTest(async () => ({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: {
        TEST_MIGRATIONS: await readD1Migrations("./migrations"),
        // How many scenarios of the simulator are compared; its proof asks for all of them.
        TEST_LIKENESSES: Number(process.env["EDGEWISE_LIKENESSES"] ?? 40),
      },
    },
  }));

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: [
            "src/**/*.test.ts",
            "gpu-gateway/**/*.test.ts",
            "durable-objects/*/**/*.test.ts",
            "test/*.test.ts",
            "scripts/**/*.test.ts",
          ],
        },
      },
      {
        plugins: [workerd()],
        test: {
          name: "workerd",
          include: ["durable-objects/*.test.ts", "test/workerd/**/*.test.ts"],
          exclude: ALONE,
          // Files share a runtime and its storage: each has threads, tenants and graphs with names of its own.
          isolate: false,
        },
      },
      { plugins: [workerd()], test: { name: "workerd-alone", include: ALONE } },
      {
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
