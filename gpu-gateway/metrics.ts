import type { Ended } from "./wire/forward.ts";
import type { Tokens } from "./wire/usage-tap.ts";

/** Counters and histograms in Prometheus' text format (exposition format 0.0.4). Label values come from closed vocabularies and the file. */

type Labels = Readonly<Record<string, string>>;

const HELP: Readonly<Record<string, string>> = {
  gateway_requests_total: "Requests that went to a host, by how they ended.",
  gateway_refusals_total: "Requests that no host saw, by why.",
  gateway_retries_total: "Requests that went to another host because one failed before its first byte.",
  gateway_tokens_total: "Tokens that hosts told, by direction.",
  gateway_queue_seconds: "Time that a request waited for a place.",
  gateway_first_byte_seconds: "Time from a request to a host to the first byte of its answer.",
  gateway_duration_seconds: "Time that a host took for an answer.",
};
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Series of one name; what comes beyond is counted together, so that a client cannot fill the memory. */
const MOST_SERIES = 2_000;

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class Metrics {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #histograms = new Map<string, Map<string, Histogram>>();

  count(name: string, labels: Labels, by = 1): void {
    const series = seriesOf(this.#counters, name);
    const key = keyOf(series, labels);
    series.set(key, (series.get(key) ?? 0) + by);
  }

  observe(name: string, labels: Labels, seconds: number): void {
    const series = seriesOf(this.#histograms, name);
    const key = keyOf(series, labels);
    const known = series.get(key);
    const histogram = known ?? { buckets: SECONDS.map(() => 0), sum: 0, count: 0 };
    if (known === undefined) series.set(key, histogram);
    histogram.sum += seconds;
    histogram.count += 1;
    const at = SECONDS.findIndex((bound) => seconds <= bound);
    if (at >= 0) histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1;
  }

  ended(
    model: string,
    host: string,
    ended: Ended,
    {
      durationMs,
      waitedMs,
      tokens,
    }: { readonly durationMs: number; readonly waitedMs: number; readonly tokens: Tokens | undefined },
  ): void {
    const outcome =
      ended.kind === "answered" ? `${Math.floor(ended.status / 100)}xx` : ended.kind === "left" ? "left" : ended.code;
    this.count("gateway_requests_total", { model, host, outcome });
    this.observe("gateway_queue_seconds", { model }, waitedMs / 1_000);
    this.observe("gateway_duration_seconds", { model, host }, durationMs / 1_000);
    if (ended.kind === "answered")
      this.observe("gateway_first_byte_seconds", { model, host }, ended.firstByteMs / 1_000);
    if (tokens === undefined) return;
    this.count("gateway_tokens_total", { model, host, direction: "input" }, tokens.input);
    this.count("gateway_tokens_total", { model, host, direction: "output" }, tokens.output);
  }

  /** @param gauges read when asked: name, help, and its values by labels */
  text(
    gauges: readonly (readonly [name: string, help: string, values: readonly (readonly [Labels, number])[]])[],
  ): string {
    const lines: string[] = [];
    for (const [name, series] of this.#counters) {
      lines.push(`# HELP ${name} ${HELP[name] ?? name}`, `# TYPE ${name} counter`);
      for (const [labels, value] of series) lines.push(`${name}{${labels}} ${value}`);
    }
    for (const [name, series] of this.#histograms) {
      lines.push(`# HELP ${name} ${HELP[name] ?? name}`, `# TYPE ${name} histogram`);
      for (const [labels, histogram] of series) lines.push(...histogramLines(name, labels, histogram));
    }
    for (const [name, help, values] of gauges) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
      for (const [labels, value] of values) lines.push(`${name}{${textOf(labels)}} ${value}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

function histogramLines(name: string, labels: string, { buckets, sum, count }: Histogram): string[] {
  let total = 0;
  const lines = SECONDS.map((bound, index) => {
    total += buckets[index] ?? 0;
    return `${name}_bucket{${labels},le="${bound}"} ${total}`;
  });
  return [
    ...lines,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function seriesOf<T>(all: Map<string, Map<string, T>>, name: string): Map<string, T> {
  const known = all.get(name);
  if (known !== undefined) return known;
  const series = new Map<string, T>();
  all.set(name, series);
  return series;
}

function keyOf(series: ReadonlyMap<string, unknown>, labels: Labels): string {
  const key = textOf(labels);
  if (series.has(key) || series.size < MOST_SERIES) return key;
  return textOf(Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])));
}

function textOf(labels: Labels): string {
  let text = "";
  for (const [name, value] of Object.entries(labels)) text += `${text === "" ? "" : ","}${name}="${escaped(value)}"`;
  return text;
}

function escaped(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
