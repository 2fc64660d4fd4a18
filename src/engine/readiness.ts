import type { Place, Topology } from "../graph/topology.ts";
import { RegionActivity } from "./activity.ts";

/**
 * Which pending nodes are ready (R2, R3), counted instead of searched.
 *
 * A unit of a region is *active* while something in it is in flight or pending; a loop's head only while it is in
 * flight, because a pending head belongs to the next turn and holds nothing of this one back. A pending unit keeps the
 * number of active units that lead to it. Only the first and the last activity of a unit touch the numbers of others,
 * and a number that falls to zero names the nodes to judge: a commit costs the same with 10,000 sends in flight.
 */
export class Readiness {
  readonly #places: readonly Place[];
  readonly #regions: RegionActivity[] = [];
  readonly #inFlight: Int32Array;
  readonly #pending: Uint8Array;
  /** Nodes, and regions as a whole, that may have become ready since the last judgement. */
  readonly #nodesToJudge = new Set<number>();
  readonly #regionsToJudge = new Set<RegionActivity>();

  constructor(topology: Topology) {
    this.#places = topology.places;
    for (const region of topology.regions) {
      const parent = region.parent === undefined ? undefined : this.#regions[region.parent.index];
      this.#regions.push(new RegionActivity(region, parent));
    }
    this.#inFlight = new Int32Array(topology.places.length);
    this.#pending = new Uint8Array(topology.places.length);
  }

  /** The node has something pending now; it had nothing before. */
  addPending(node: number): void {
    const [home, unit, head] = this.#at(node);
    this.#pending[node] = 1;
    this.#queue(home, unit);
    if (head) this.#addPendingHead(home);
    else if (this.#flights(node) === 0) this.#activate(home, unit);
    this.#nodesToJudge.add(node);
  }

  /** All that was pending at the node goes into flight, as so many tasks. */
  takePending(node: number, tasks: number): void {
    const [home, unit, head] = this.#at(node);
    this.addInFlight(node, tasks);
    this.#pending[node] = 0;
    this.#unqueue(home, unit);
    if (head) home.pendingHeads -= 1;
  }

  /** Straight into flight: a task of an each node never pends (R11). */
  addInFlight(node: number, tasks: number): void {
    const [home, unit, head] = this.#at(node);
    const before = this.#flights(node);
    this.#inFlight[node] = before + tasks;
    if (before === 0 && (head || this.#pending[node] === 0)) this.#activate(home, unit);
  }

  /** One task of the node is no longer in flight. */
  removeInFlight(node: number): void {
    const [home, unit, head] = this.#at(node);
    const left = this.#flights(node) - 1;
    this.#inFlight[node] = left;
    if (left > 0) return;
    if (head || this.#pending[node] === 0) this.#deactivate(home, unit);
    else this.#nodesToJudge.add(node);
  }

  /** The nodes whose pending activations are ready, judged together (R2), in document order. */
  judge(): number[] {
    for (const region of this.#regionsToJudge) this.#nominate(region);
    this.#regionsToJudge.clear();
    if (this.#nodesToJudge.size === 0) return [];
    const ready = [...this.#nodesToJudge].filter((node) => this.#isReady(node));
    this.#nodesToJudge.clear();
    return ready.sort((one, other) => one - other);
  }

  #isReady(node: number): boolean {
    if (this.#pending[node] === 0) return false;
    const [home, unit, head] = this.#at(node);
    // R3: a head waits for everything else in its loop. R2: nothing in flight that reaches the node or is at it.
    const free = head ? home.activeUnits === 0 : home.blockers[unit] === 0 && this.#flights(node) === 0;
    if (!free) return false;
    for (let inner = home; inner.parent !== undefined; inner = inner.parent) {
      if (inner.parent.blockers[inner.region.unitInParent] !== 0) return false;
    }
    return true;
  }

  #flights(node: number): number {
    return this.#inFlight[node] ?? 0;
  }

  #at(node: number): readonly [RegionActivity, number, boolean] {
    const place = this.#places[node];
    const home = place === undefined ? undefined : this.#regions[place.region.index];
    if (place === undefined || home === undefined) throw new TypeError(`There is no node ${node}.`);
    return [home, place.unit, place.head];
  }

  #activate(start: RegionActivity, startUnit: number): void {
    let [home, unit]: [RegionActivity, number] = [start, startUnit];
    for (;;) {
      const wasQuiet = home.isQuiet();
      home.activate(unit);
      if (!wasQuiet || home.parent === undefined) return;
      [home, unit] = [home.parent, home.region.unitInParent];
    }
  }

  #deactivate(start: RegionActivity, startUnit: number): void {
    let [home, unit]: [RegionActivity, number] = [start, startUnit];
    for (;;) {
      for (const freed of home.deactivate(unit)) this.#nominateUnit(home, freed);
      if (home.activeUnits === 0 && home.pendingHeads > 0) this.#regionsToJudge.add(home);
      if (!home.isQuiet() || home.parent === undefined) return;
      [home, unit] = [home.parent, home.region.unitInParent];
    }
  }

  /** A loop whose heads alone are pending is active to the units around it. */
  #addPendingHead(home: RegionActivity): void {
    const wasQuiet = home.isQuiet();
    home.pendingHeads += 1;
    if (wasQuiet && home.parent !== undefined) this.#activate(home.parent, home.region.unitInParent);
  }

  #queue(start: RegionActivity, startUnit: number): void {
    let [home, unit]: [RegionActivity, number] = [start, startUnit];
    for (;;) {
      const first = home.pendingUnits.length === 0;
      home.addPendingUnit(unit);
      if (!first || home.parent === undefined) return;
      [home, unit] = [home.parent, home.region.unitInParent];
    }
  }

  #unqueue(start: RegionActivity, startUnit: number): void {
    let [home, unit]: [RegionActivity, number] = [start, startUnit];
    for (;;) {
      home.removePendingUnit(unit);
      if (home.pendingUnits.length > 0 || home.parent === undefined) return;
      [home, unit] = [home.parent, home.region.unitInParent];
    }
  }

  #nominateUnit(home: RegionActivity, unit: number): void {
    const content = home.region.units[unit];
    if (content?.kind === "node") this.#nodesToJudge.add(content.node);
    if (content?.kind === "loop") this.#addRegionToJudge(content.region);
  }

  #addRegionToJudge(index: number): void {
    const region = this.#regions[index];
    if (region !== undefined) this.#regionsToJudge.add(region);
  }

  /** A loop may go on: so may whatever in it waits for nothing inside it. Nested loops join the set being walked. */
  #nominate(home: RegionActivity): void {
    for (const unit of home.pendingUnits) {
      if (home.blockers[unit] === 0) this.#nominateUnit(home, unit);
    }
  }
}
