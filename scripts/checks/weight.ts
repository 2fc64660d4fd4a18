import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleWorker } from "../local/bundle.ts";
import { runTool, type ToolResult } from "./run-tool.ts";

/** Design, section 4. Minified, as `wrangler deploy` sends it (wrangler.toml). */
const MAX_GZIP_BYTES = 1_000_000;
/** The platform refuses a Worker whose start takes longer than a second; far above what a noisy machine makes of ours. */
const MAX_STARTUP_MS = 400;

/** How heavy the Worker is: bytes over the wire, CPU time to load it (this machine's). */
export async function checkWeight(root: string): Promise<ToolResult & { readonly fact?: string }> {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-weight-"));
  try {
    const bundle = await bundleWorker(join(root, "src/worker.ts"), join(folder, "worker.js"), true);
    const gzipBytes = gzipSync(readFileSync(bundle.path)).length;
    const size = `${Math.round(gzipBytes / 1000)} KB of ${MAX_GZIP_BYTES / 1000} KB gzip`;
    if (gzipBytes >= MAX_GZIP_BYTES) return { ok: false, output: `The Worker's bundle is too heavy: ${size}.\n` };
    const profile = join(folder, "startup.cpuprofile");
    const measured = await runTool(root, "wrangler", ["check", "startup", "--outfile", profile]);
    if (!measured.ok) return measured;
    const startup = `start-up CPU ${Math.round(activeMs(profile))} of ${MAX_STARTUP_MS} ms`;
    if (activeMs(profile) >= MAX_STARTUP_MS)
      return { ok: false, output: `The Worker starts too slowly: ${startup}.\n` };
    return { ...measured, fact: `${size}, ${startup}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, output: `The Worker does not build: ${reason}\n` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

function activeMs(path: string): number {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, "utf8")) as CpuProfile;
  const idle = new Set(nodes.filter((node) => node.callFrame.functionName === "(idle)").map((node) => node.id));
  const active = samples.map((sample, index) => (idle.has(sample) ? 0 : (timeDeltas[index] ?? 0)));
  return active.reduce((sum, delta) => sum + delta, 0) / 1000;
}
