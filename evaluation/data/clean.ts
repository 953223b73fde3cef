import { kernels } from '../../models/kernels/index.js';
import { randomOf } from '../../models/random.js';
import type { Series, SeriesRow } from './series.js';

/** Chance from a seed, the same on every machine. */
export class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  /** In (0, 1). */
  uniform(): number {
    return 0.5 * (this.#random() + 1) + 2 ** -33;
  }

  normal(): number {
    return Math.sqrt(-2 * kernels.log(this.uniform())) * kernels.cos(2 * Math.PI * this.uniform());
  }

  /** Student's t with three degrees of freedom. */
  heavy(): number {
    const squares = this.normal() ** 2 + this.normal() ** 2 + this.normal() ** 2;
    return this.normal() / Math.sqrt(squares / 3);
  }

  poisson(mean: number): number {
    const least = kernels.exp(-mean);
    let count = -1;
    for (let product = 1; product > least; count++) product *= this.uniform();
    return count;
  }
}

/** Time between rows, but for streams that are irregular. */
export const stepMs = 300_000;
const startMs = Date.UTC(2024, 0, 1);
const dayRows = 288;

/** The next row of a stream: the values, and the time since the row before in steps where it is not one. */
type Next = () => { readonly values: number[]; readonly steps?: number };

const day = (row: number, phase: number): number => kernels.sin((2 * Math.PI * row) / dayRows + phase);

/** Streams in which nothing is wrong, each of another nature; every seed is another key. */
const makers = {
  white: (chance) => () => ({ values: [chance.normal()] }),
  autoregressive(chance) {
    let x = 0;
    return () => {
      x = 0.9 * x + chance.normal();
      return { values: [x] };
    };
  },
  'seasonal, with trend'(chance) {
    const phase = 6 * chance.uniform();
    const slope = 2 * chance.uniform() - 1;
    return (row) => ({
      values: [100 + 10 * day(row, phase) + 3 * day(3 * row, phase) + 2 * chance.normal() + (slope * row) / dayRows],
    });
  },
  heteroscedastic(chance) {
    let spread = 1;
    return (row) => {
      const x = chance.normal() * spread * (1 + 0.5 * day(row, 0));
      spread = Math.sqrt(0.05 + 0.85 * spread * spread + 0.1 * Math.min(9, x * x));
      return { values: [20 + x] };
    };
  },
  'heavy tails': (chance) => () => ({ values: [chance.heavy()] }),
  counts: (chance) => (row) => ({ values: [chance.poisson(4 + 3 * day(row, 0))] }),
  'mostly zero': (chance) => () => ({ values: [chance.uniform() < 0.8 ? 0 : chance.poisson(2)] }),
  'random walk'(chance) {
    let x = 0;
    return () => {
      x += chance.normal();
      return { values: [x] };
    };
  },
  'four channels'(chance) {
    const x = [0, 0, 0, 0];
    return (row) => {
      const common = chance.normal();
      for (let c = 0; c < 4; c++) x[c] = 0.7 * x[c] + 0.7 * chance.normal() + 0.5 * common;
      return { values: x.map((value, c) => value + (c < 2 ? 2 * day(row, c) : 0)) };
    };
  },
  irregular(chance) {
    let x = 0;
    return () => {
      const steps = -kernels.log(chance.uniform());
      const keeps = kernels.exp(-0.3 * steps);
      x = keeps * x + Math.sqrt(1 - keeps * keeps) * chance.normal();
      return { values: [x], steps };
    };
  },
  'log-normal': (chance) => (row) => ({
    values: [kernels.exp(0.7 * day(row, 1) + 0.6 * chance.normal())],
  }),
  'slow autoregressive'(chance) {
    let x = 0;
    return () => {
      x = 0.99 * x + chance.normal();
      return { values: [50 + x] };
    };
  },
  'two channels of counts': (chance) => (row) => ({
    values: [chance.poisson(20 + 10 * day(row, 0)), chance.poisson(3)],
  }),
  'channels that go together'(chance) {
    let x = 0;
    return (row) => {
      x = 0.8 * x + chance.normal();
      const value = x + 4 * day(row, 2);
      return { values: [value, 2 * value + 0.5 * chance.normal(), 10 - value + 2 * chance.normal()] };
    };
  },
} satisfies Readonly<Record<string, (chance: Chance) => (row: number) => ReturnType<Next>>>;

export type Nature = keyof typeof makers;
/** The detector's beliefs were fitted to other seeds of the first ten; these four it has never seen. */
export const unseen: readonly Nature[] = [
  'log-normal',
  'slow autoregressive',
  'two channels of counts',
  'channels that go together',
];
export const natures = Object.keys(makers) as Nature[];

/** A stream of so many rows in which nothing is wrong. */
export function cleanSeries(nature: Nature, seed: number, rows: number): Series {
  const chance = new Chance(1 + seed + 100_003 * natures.indexOf(nature));
  const next: (row: number) => ReturnType<Next> = makers[nature](chance);
  let timeMs = startMs;
  const made = Array.from({ length: rows }, (_, row): SeriesRow => {
    const { values, steps = 1 } = next(row);
    timeMs += Math.max(1, Math.round(steps * stepMs));
    return { timeMs, values };
  });
  const channels = made[0]?.values.map((_, c) => (made[0]?.values.length === 1 ? 'value' : `value${c}`)) ?? [];
  return { name: `${nature} ${seed}`, channels, rows: made };
}
