import { type Bits, clearBit, countCommon, emptyBits, hasBit, setBit } from "../graph/bits.ts";
import type { Region } from "../graph/topology.ts";

/** The numbers that readiness is counted with, for one region (R2, R3). */
export class RegionActivity {
  readonly region: Region;
  readonly parent: RegionActivity | undefined;
  activeUnits = 0;
  /** Heads with something pending: they start together, with the next turn. */
  pendingHeads = 0;
  /** Units with something pending in them. */
  readonly pendingUnits: number[] = [];
  /** Per pending unit: how many active units lead to it. */
  readonly blockers: Int32Array;
  readonly #active: Bits;
  readonly #placeInPending: Int32Array;

  constructor(region: Region, parent: RegionActivity | undefined) {
    this.region = region;
    this.parent = parent;
    this.#active = emptyBits(region.units.length);
    this.blockers = new Int32Array(region.units.length);
    this.#placeInPending = new Int32Array(region.units.length);
  }

  /** Nothing in the region is in flight or pending. */
  isQuiet(): boolean {
    return this.activeUnits === 0 && this.pendingHeads === 0;
  }

  addPendingUnit(unit: number): void {
    this.#placeInPending[unit] = this.pendingUnits.length;
    this.pendingUnits.push(unit);
    this.blockers[unit] = countCommon(this.#upstream(unit), this.#active);
  }

  removePendingUnit(unit: number): void {
    const place = this.#placeInPending[unit] ?? 0;
    const last = this.pendingUnits.pop();
    if (last === undefined || last === unit) return;
    this.pendingUnits[place] = last;
    this.#placeInPending[last] = place;
  }

  activate(unit: number): void {
    setBit(this.#active, unit);
    this.activeUnits += 1;
    for (const pending of this.pendingUnits) {
      if (hasBit(this.#upstream(pending), unit)) this.blockers[pending] = (this.blockers[pending] ?? 0) + 1;
    }
  }

  /** Answers with the pending units that nothing in the region holds back any more. */
  deactivate(unit: number): readonly number[] {
    clearBit(this.#active, unit);
    this.activeUnits -= 1;
    let freed: number[] | undefined;
    for (const pending of this.pendingUnits) {
      if (!hasBit(this.#upstream(pending), unit)) continue;
      const blockers = (this.blockers[pending] ?? 0) - 1;
      this.blockers[pending] = blockers;
      if (blockers === 0) (freed ??= []).push(pending);
    }
    return freed ?? NO_UNITS;
  }

  #upstream(unit: number): Bits {
    return this.region.upstream[unit] ?? NONE;
  }
}

const NONE: Bits = emptyBits(0);
const NO_UNITS: readonly number[] = [];
