import type { TemporalOptions } from '../../models/temporal-memory.js';

interface Segment {
  readonly cell: number;
  readonly number: number;
  readonly synapses: Map<number, number>;
  used: number;
  proof: number;
}

const level = (permanence: number): number => Math.round(255 * permanence);

/** The temporal memory of reach 1 with maps and full scans: what the kernel must do, as slowly as one likes. */
export class NaiveTemporal {
  readonly segments = new Set<Segment>();
  active: number[] = [];
  winners: number[] = [];
  /** Whether the last step and the one before were mostly predicted. */
  #calm = [false, false];
  #step = 0;
  #made = 0;

  constructor(
    readonly options: TemporalOptions,
    readonly seed: number,
  ) {}

  get synapses(): number {
    return [...this.segments].reduce((sum, { synapses }) => sum + synapses.size, 0);
  }

  /** How many of the columns were predicted. */
  step(columns: readonly number[]): number {
    const { cells, activation, minimum, punishment, doubt, increment, decrement } = this.options;
    this.#step++;
    const before = { active: new Set(this.active), winners: this.winners };
    const count = (s: Segment, least: number): number =>
      [...s.synapses].filter(([cell, permanence]) => before.active.has(cell) && permanence >= least).length;
    const counted = [...this.segments].map((segment) => ({
      segment,
      column: Math.floor(segment.cell / cells),
      potential: count(segment, 1),
      speaks: count(segment, level(this.options.connected)) >= activation,
    }));
    for (const { segment, column, potential, speaks } of counted) {
      if (columns.includes(column) || (!speaks && potential < minimum)) continue;
      this.#adapt(segment, before.active, -level(segment.proof > 0 ? punishment : doubt), 0);
    }
    const praise = (segment: Segment, potential: number): void => {
      segment.used = this.#step;
      segment.proof = Math.min(255, segment.proof + 1);
      if (!this.#adapt(segment, before.active, level(increment), level(decrement))) return;
      this.#grow(segment, before.winners, this.options.sample - potential);
    };
    const right = counted.filter(({ speaks, column }) => speaks && columns.includes(column));
    // The best match is judged by what segments were before this step taught them anything.
    const best = new Map(
      columns.map((column) => [
        column,
        counted
          .filter((c) => c.column === column && c.potential >= minimum)
          .sort(
            (a, b) =>
              b.potential - a.potential ||
              b.segment.used - a.segment.used ||
              a.segment.cell - b.segment.cell ||
              a.segment.number - b.segment.number,
          )[0],
      ]),
    );
    const proved = new Set(right.filter(({ segment }) => segment.proof > 0).map(({ column }) => column));
    const shaken = !this.#calm[0] && this.#calm[1];
    for (const { segment, potential } of right) praise(segment, potential);
    this.active = [];
    this.winners = [];
    let predicted = 0;
    for (const column of columns) {
      const cellsHere = Array.from({ length: cells }, (_, c) => column * cells + c);
      const speaking = cellsHere.filter((cell) => right.some(({ segment }) => segment.cell === cell));
      if (speaking.length > 0) predicted++;
      if (speaking.length > 0 && (!shaken || proved.has(column))) {
        this.active.push(...speaking);
        this.winners.push(...speaking);
        continue;
      }
      this.active.push(...cellsHere);
      const fit = best.get(column);
      if (fit && !fit.speaks) praise(fit.segment, fit.potential);
      const chosen = fit ? fit.segment.cell : this.#idlest(column * cells);
      if (!fit && before.winners.length >= minimum) {
        const segment = { cell: chosen, number: this.#made++, synapses: new Map(), used: this.#step, proof: 0 };
        this.segments.add(segment);
        this.#grow(segment, before.winners, this.options.sample);
      }
      this.winners.push(chosen);
    }
    this.#calm = [this.active.length < 4 * this.winners.length, this.#calm[0]];
    return predicted;
  }

  #idlest(first: number): number {
    const { cells } = this.options;
    const turn = this.#hash(this.#step, first);
    const order = Array.from({ length: cells }, (_, i) => first + ((turn + i) % cells));
    const load = (cell: number): number => [...this.segments].filter((segment) => segment.cell === cell).length;
    return order.reduce((least, cell) => (load(cell) < load(least) ? cell : least));
  }

  #adapt(segment: Segment, active: ReadonlySet<number>, up: number, down: number): boolean {
    for (const [cell, permanence] of [...segment.synapses]) {
      const changed = Math.min(255, permanence + (active.has(cell) ? up : -down));
      if (changed > 0) segment.synapses.set(cell, changed);
      else segment.synapses.delete(cell);
    }
    if (segment.synapses.size >= this.options.minimum) return true;
    this.segments.delete(segment);
    return false;
  }

  #grow(segment: Segment, winners: readonly number[], wanted: number): void {
    const left = [...winners];
    let turn = this.#hash((this.#step ^ 0x5bd1e995) >>> 0, segment.cell);
    for (let n = wanted; n > 0 && left.length > 0; ) {
      turn = (Math.imul(turn, 1664525) + 1013904223) >>> 0;
      const pick = Math.floor((turn * left.length) / 2 ** 32);
      const cell = left[pick];
      left[pick] = left[left.length - 1];
      left.pop();
      if (segment.synapses.has(cell)) continue;
      if (segment.synapses.size >= this.options.synapses) return;
      segment.synapses.set(cell, level(this.options.initial));
      n--;
    }
  }

  #hash(a: number, b: number): number {
    let x = (this.seed ^ Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
    return (x ^ (x >>> 16)) >>> 0;
  }
}
