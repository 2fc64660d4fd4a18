import { build, type BuildResult } from "esbuild";

export interface Bundle {
  readonly path: string;
  readonly bytes: number;
}

/** The Worker as one module, built the way wrangler builds it; `cloudflare:*` and `node:*` come from the runtime. */
export async function bundleWorker(entry: string, outfile: string, minify = false): Promise<Bundle> {
  const result: BuildResult<{ metafile: true }> = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify,
    format: "esm",
    target: "es2024",
    sourcemap: "linked",
    metafile: true,
    logLevel: "silent",
    external: ["cloudflare:*", "node:*"],
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    loader: { ".html": "text", ".sql": "text", ".txt": "text" },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const sizes = Object.entries(result.metafile.outputs).filter(([path]) => !path.endsWith(".map"));
  return { path: outfile, bytes: sizes.reduce((sum, [, output]) => sum + output.bytes, 0) };
}
