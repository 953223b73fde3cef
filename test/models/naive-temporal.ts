import type { TemporalOptions } from '../../models/temporal-memory.js';

interface Segment {
  readonly cell: number;
  readonly number: number;
  readonly synapses: Map<number, number>;
  used: number;
  proof: number;
}

const level = (permanence: number): number => Math.round(255 * permanence);

/** Right so often, a segment learns one time in eight. */
const mastered = 64;

/** The temporal memory with maps and full scans: what the kernel must do, as slowly as one likes. */
export class NaiveTemporal {
  readonly segments = new Set<Segment>();
  active: number[] = [];
  /** Cells that were predicted and are kept alive. */
  held: number[] = [];
  winners: number[] = [];
  /** Whether the last step and the one before surprised. */
  #surprises = [false, false];
  #waited = 0;
  #columns: readonly number[] = [];
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
    const { cells, minimum, punishment, doubt, patience } = this.options;
    this.#step++;
    const before = { active: new Set([...this.active, ...this.held]), winners: this.winners };
    const counted = this.#hear(before.active);
    const waiting = new Set<number>();
    for (const { segment, column, potential, speaks } of counted) {
      if (columns.includes(column) || (!speaks && potential < minimum)) continue;
      if (speaks && patience > 0 && segment.proof > 0) waiting.add(segment.cell);
      const trust = segment.proof;
      if (trust > 1) segment.proof = (trust + 1) >> 1;
      this.#adapt(segment, before.active, -level(trust > 0 ? punishment : doubt), 0);
    }
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
    const shaken = this.#surprises[0] && !this.#surprises[1];
    const proved = new Set(right.filter(({ segment }) => segment.proof > 0).map(({ column }) => column));
    for (const { segment, potential } of right) this.#praise(segment, potential, before);
    const predicted = new Set(right.map(({ column }) => column));
    const sure = new Set([...predicted].filter((column) => !shaken || proved.has(column)));
    const surprising = 3 * sure.size < columns.length;
    const fired = new Map<number, number[]>();
    this.winners = [];
    for (const column of columns) {
      const cellsHere = Array.from({ length: cells }, (_, c) => column * cells + c);
      const speaking = cellsHere.filter((cell) => right.some(({ segment }) => segment.cell === cell));
      if (sure.has(column)) {
        fired.set(column, speaking);
        this.winners.push(...speaking);
        continue;
      }
      const fit = best.get(column);
      if (fit && !fit.speaks) this.#praise(fit.segment, fit.potential, before);
      const chosen = fit ? fit.segment.cell : this.#idlest(column * cells);
      if (!fit && before.winners.length >= minimum) {
        const segment = { cell: chosen, number: this.#made++, synapses: new Map(), used: this.#step, proof: 0 };
        this.segments.add(segment);
        this.#grow(segment, before.winners, this.options.sample);
      }
      fired.set(column, [chosen]);
      this.winners.push(chosen);
    }
    if (surprising) {
      const known = this.#surprises[0] ? [] : this.#lookBack(columns.filter((column) => !sure.has(column)));
      const found = new Set(known.map((cell) => Math.floor(cell / cells)));
      for (const column of columns) {
        if (sure.has(column)) continue;
        const all = Array.from({ length: cells }, (_, c) => column * cells + c);
        const own = known.filter((cell) => Math.floor(cell / cells) === column);
        const chosen = fired.get(column) ?? [];
        fired.set(column, 3 * found.size < columns.length ? all : [...new Set([...chosen, ...own])]);
      }
    }
    this.active = [...fired.values()].flat();
    this.held = surprising && this.#waited < patience && waiting.size <= 4 * this.options.activeMax ? [...waiting] : [];
    this.#waited = this.held.length > 0 ? this.#waited + 1 : 0;
    this.#surprises = [surprising, this.#surprises[0]];
    this.#columns = columns;
    return predicted.size;
  }

  /** Every segment, with what it makes of these cells. */
  #hear(heard: ReadonlySet<number>) {
    const { cells, activation, connected } = this.options;
    const count = (s: Segment, least: number): number =>
      [...s.synapses].filter(([cell, permanence]) => heard.has(cell) && permanence >= least).length;
    return [...this.segments].map((segment) => ({
      segment,
      column: Math.floor(segment.cell / cells),
      potential: count(segment, 1),
      speaks: count(segment, level(connected)) >= activation,
    }));
  }

  /** Cells of these columns that proved segments would predict, had the last columns burst. */
  #lookBack(columns: readonly number[]): number[] {
    const { cells } = this.options;
    const all = this.#columns.flatMap((column) => Array.from({ length: cells }, (_, c) => column * cells + c));
    return [
      ...new Set(
        this.#hear(new Set(all))
          .filter(({ speaks, segment, column }) => speaks && segment.proof > 0 && columns.includes(column))
          .map(({ segment }) => segment.cell),
      ),
    ];
  }

  #praise(
    segment: Segment,
    potential: number,
    before: { active: ReadonlySet<number>; winners: readonly number[] },
  ): void {
    const { increment, decrement, sample } = this.options;
    segment.used = this.#step;
    const trust = segment.proof;
    segment.proof = Math.min(255, trust + 1);
    if (trust >= mastered && potential === segment.synapses.size && this.#hash(this.#step, segment.cell) % 8) return;
    if (!this.#adapt(segment, before.active, level(increment), level(decrement))) return;
    this.#grow(segment, before.winners, sample - potential);
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
