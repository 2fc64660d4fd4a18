/** Which host a request goes to: by what is loaded and what is idle, together. Pure: it is handed what is known of the hosts. */

/** A host, as far as one request is concerned. */
export interface Candidate {
  readonly name: string;
  /** May be asked: reachable, not ejected, not draining. */
  readonly isUp: boolean;
  /** Why not, where it may not. */
  readonly why?: string;
  /** Whether the model is in its memory. A host that always has all it offers, such as vLLM, is resident. */
  readonly residency: "resident" | "loading" | "cold";
  /** Requests of ours that it has. */
  readonly outstanding: number;
  /** Requests that it answers at once. */
  readonly slots: number;
  /** Peak EWMA of its time to the first byte, milliseconds; 0: not known. */
  readonly firstByteMs: number;
  /** Share of the traffic that the operator wants it to have beside the others. */
  readonly weight: number;
  /** What a load of the model took, or is expected to take, milliseconds. */
  readonly loadMs: number;
  /** Loading it here would take memory from a model that others are using now. */
  readonly evictsBusy: boolean;
  /** How much the model is asked for that a load here would put out, beside this one: 1 is as much; 0: none is put out. */
  readonly evictedDemand: number;
  /** Only where the others are full. */
  readonly isSpillOver: boolean;
  /** US dollars for this request; 0 for what is one's own. */
  readonly costUsd: number;
}

export interface Wish {
  /** Ranks hosts for this request's beginning, the same each time: an affinity. Undefined where nothing is to be gained. */
  readonly affinity?: ((host: string) => number) | undefined;
  /** Milliseconds that it can wait for a place. */
  readonly patienceMs: number;
  /** Milliseconds that it has waited. */
  readonly waitedMs: number;
  /** Expected time for a place where the model is resident, milliseconds. */
  readonly expectedWaitMs: number;
}

export type Choice =
  | { readonly kind: "host"; readonly name: string; readonly why: string; readonly loads: boolean }
  /** All that could answer are busy: it waits for a place on one of them. */
  | { readonly kind: "wait"; readonly why: string }
  /** Nobody can answer now; in `retryMs` one may. */
  | { readonly kind: "none"; readonly why: string };

/** Most of its even share that affinity may load a host with (Mirrokni, Thorup, Zadimoghaddam: consistent hashing with bounded loads). */
const BOUND = 1.25;

/** @returns the host, or to wait; with a sentence that says why */
export function choose(candidates: readonly Candidate[], wish: Wish): Choice {
  const up = candidates.filter(({ isUp }) => isUp);
  if (up.length === 0) return { kind: "none", why: whyNone(candidates) };
  const own = up.filter(({ isSpillOver }) => !isSpillOver);
  const spill = up.filter(({ isSpillOver }) => isSpillOver);
  const free = own.filter(hasPlace);
  const warm = free.filter(({ residency }) => residency === "resident");
  if (warm.length > 0) return among(warm, own, wish);
  const isLoading = own.some(({ residency }) => residency === "loading");
  const resident = own.some(({ residency }) => residency === "resident");
  // A load is worth it where nobody has the model, or waiting for those who have it takes longer.
  const cold = free.filter(({ residency, evictsBusy }) => residency === "cold" && !evictsBusy);
  const [quickest] = cold.toSorted(
    (one, other) =>
      one.evictedDemand - other.evictedDemand || one.loadMs - other.loadMs || one.outstanding - other.outstanding,
  );
  if (quickest !== undefined && wish.waitedMs < holdMs(quickest, wish))
    return { kind: "wait", why: `more may come for the model before ${quickest.name} puts another out for it` };
  if (quickest !== undefined && !isLoading && (!resident || quickest.loadMs < wish.expectedWaitMs)) {
    const why = resident
      ? `${quickest.name} loads the model: that takes ${quickest.loadMs} ms, waiting for those that have it ${wish.expectedWaitMs} ms`
      : `${quickest.name} loads the model: no host has it`;
    return { kind: "host", name: quickest.name, why, loads: true };
  }
  const spilled = spill.filter(hasPlace);
  if (spilled.length > 0 && (own.length === 0 || wish.expectedWaitMs > wish.patienceMs)) {
    const [cheapest] = spilled.toSorted((one, other) => one.costUsd - other.costUsd || loadOf(one) - loadOf(other));
    const why = own.length === 0 ? "no host of one's own is up" : `a place is expected in ${wish.expectedWaitMs} ms`;
    if (cheapest !== undefined) return { kind: "host", name: cheapest.name, why: `spilled over: ${why}`, loads: false };
  }
  return { kind: "wait", why: isLoading ? "a host is loading the model" : "all places are taken" };
}

/** Of a wait how much may be spent on others to come that need the same load. */
const MOST_HELD = 0.25;

/**
 * A load that puts out what others want is put off, the longer the more they want it: those who come meanwhile share it, and who
 * asks for what is there still is answered at once.
 */
function holdMs({ evictedDemand, loadMs }: Candidate, { patienceMs }: Wish): number {
  if (evictedDemand === 0) return 0;
  return Math.min(MOST_HELD * patienceMs, loadMs * Math.min(4, evictedDemand));
}

function hasPlace({ outstanding, slots }: Candidate): boolean {
  return outstanding < slots;
}

/** Among hosts that have the model and a place: the affinity's first within its bound, else the least loaded. */
function among(warm: readonly Candidate[], own: readonly Candidate[], { affinity }: Wish): Choice {
  if (affinity !== undefined && warm.length > 1) {
    const total = own.reduce((sum, { outstanding }) => sum + outstanding, 0) + 1;
    const weights = own.reduce((sum, { weight }) => sum + weight, 0);
    const ranked = warm.toSorted((one, other) => affinity(other.name) - affinity(one.name));
    const within = ranked.find(
      ({ outstanding, weight }) => outstanding + 1 <= Math.ceil((BOUND * total * weight) / weights),
    );
    if (within !== undefined) {
      const why = within === ranked[0] ? "its prefix was there before" : "its prefix's host has its share already";
      return { kind: "host", name: within.name, why, loads: false };
    }
  }
  const [least] = warm.toSorted((one, other) => loadOf(one) - loadOf(other) || (one.name < other.name ? -1 : 1));
  if (least === undefined) return { kind: "wait", why: "all places are taken" };
  return { kind: "host", name: least.name, why: "it has the model and is the least loaded", loads: false };
}

/** Expected time to the first byte, for its weight: what it has to do, at the pace it has shown. */
function loadOf({ outstanding, slots, firstByteMs, weight }: Candidate): number {
  return (((outstanding + 1) / Math.max(1, slots)) * Math.max(1, firstByteMs)) / weight;
}

function whyNone(candidates: readonly Candidate[]): string {
  if (candidates.length === 0) return "no host offers the model";
  return candidates.map(({ name, why }) => `${name}: ${why ?? "down"}`).join("; ");
}

/** Rendezvous hashing: each host's rank for a key, so that a host that comes or goes moves only its own keys. FNV-1a, 32 bits, finished as in MurmurHash3. */
export function rankOf(key: string, host: string): number {
  let hash = 0x811c9dc5;
  const text = `${host}\n${key}`;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
