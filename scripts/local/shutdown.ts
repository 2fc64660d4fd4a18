const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A terminal's Ctrl-C arrives once from the terminal and once from each parent that passes it on. */
const SAME_KEYPRESS_MS = 500;

/**
 * Calls `stop` at the first Ctrl-C or SIGTERM and leaves with its answer as exit code; a second Ctrl-C leaves at once (130).
 * Call it after the runtime was made: it replaces the runtime's own handlers, which would leave without cleaning up.
 */
export function onStopSignal(stop: () => Promise<number>): void {
  let firstAt: number | undefined;
  const handle = () => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      void stop().then(
        (code) => process.exit(code),
        () => process.exit(1),
      );
    } else if (now - firstAt > SAME_KEYPRESS_MS) {
      // The runtime's `exit` handler still ends its process.
      process.exit(130);
    }
  };
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, handle);
  }
}
