import { defineConfig } from "vite";

// Built once and served as files: a development server would reload the page when it finds a dependency.
export default defineConfig({
  root: new URL("page", import.meta.url).pathname,
  build: { outDir: "../dist", emptyOutDir: true, minify: false },
  oxc: { jsx: { runtime: "automatic" } },
  logLevel: "error",
});
