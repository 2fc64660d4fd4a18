import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: ["src/**/*.test.ts", "gpu-gateway/**/*.test.ts", "durable-objects/*/**/*.test.ts", "test/*.test.ts", "scripts/**/*.test.ts"],
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
                // How many scenarios of the simulator are compared; its proof asks for all of them.
                TEST_LIKENESSES: Number(process.env["EDGEWISE_LIKENESSES"] ?? 40),
              },
            },
          })),
        ],
        test: { name: "workerd", include: ["durable-objects/*.test.ts", "test/workerd/**/*.test.ts"] },
      },
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
