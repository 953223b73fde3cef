import { kernels } from '../../models/kernels/index.js';
import { f64, type Layout, type Row } from '../../state/layout.js';
import type { RangeOptions } from './range.js';
import { meanOf, push, recentLayout } from './recent.js';
import { type Incident, learnNumber, news, trustLayout, unprecedented } from './trust.js';

/** Rows over which surprises given the other channels are looked at. */
export const relationRows = { short: 10, long: 40 } as const;
const { short: shortRows, long: longRows } = relationRows;
/** Rows that are learnt before one is judged, for each channel and at least, and between two looks at the correlations. */
const rowsPerChannel = 5;
const settledRowsMin = 100;
const refactorRows = 25;
/** Errors beyond so many usual ones count as so many: a channel that is loud by itself is told by others. */
const loud = 4;
/** Variance of its own that every channel has at least, in its own variances. */
const ridge = 1e-3;
/** What was worked out by a memory leaves its range often and by little. */
const noNews = 0.05;
const leastEnergy = 1e-6;
/** Where errors hardly vary at all their size is no measure. */
const range: RangeOptions = { warmupRows: 30, memoryRows: 5000, leastWidth: 0.5 };

const channelLayout = { energies: recentLayout(longRows), short: trustLayout, long: trustLayout };

/** How the forecast errors of a key's channels hang together; next to nothing where there is one channel. */
export const relationLayout = (channels: number) =>
  ({
    rows: f64(),
    /** Running mean square of each channel's errors. */
    square: f64(channels),
    /** Products of errors in units of those, and the inverse of their correlations. */
    product: f64(channels > 1 ? channels * channels : 1),
    precision: f64(channels > 1 ? channels * channels : 1),
    channel: Object.fromEntries(
      Array.from({ length: channels > 1 ? channels : 0 }, (_, c) => [`c${c}`, channelLayout]),
    ),
  }) satisfies Layout;
export type Relation = Row<ReturnType<typeof relationLayout>>;

/**
 * Tells when a channel leaves its relation to the others while its own values stay ordinary: the error that is left of a channel
 * when those of the others are known, z'c = (P z)c / √Pcc with P the inverse of the correlations of errors. Its mean square over
 * 10 rows above, over 40 rows above or below all it was, is news: a relation may come apart, or be closer than it ever was.
 * O(channels²) a row, and cubic every 25 rows. Weak where errors of channels do not hang together at all.
 */
export class RelationOf {
  /** The channel whose relation is newest, and how new the newest is beside all that was ever seen. */
  channel = 0;
  unprecedented = 0;

  readonly #names: readonly string[];
  readonly #settledRows: number;
  readonly #errors: Float64Array;
  readonly #factor: Float64Array;
  /** Per channel what was looked at in the row, over the short and the long time. */
  readonly #lately: Float64Array;
  readonly #longer: Float64Array;

  constructor(channels: number) {
    this.#names = Array.from({ length: channels }, (_, c) => `c${c}`);
    const settled = Math.max(settledRowsMin, rowsPerChannel * channels);
    this.#settledRows = refactorRows * Math.ceil(settled / refactorRows);
    this.#errors = new Float64Array(channels);
    this.#factor = new Float64Array(channels * channels);
    this.#lately = new Float64Array(channels);
    this.#longer = new Float64Array(channels);
  }

  /** How new the relation of the channels is, in nats. A missing value says nothing. */
  newness(
    own: Relation,
    values: ArrayLike<number>,
    expected: ArrayLike<number> | undefined,
    memoryRows: number,
  ): number {
    const channels = this.#names.length;
    this.#lately.fill(Number.NaN);
    this.#longer.fill(Number.NaN);
    this.unprecedented = 0;
    if (channels < 2 || expected === undefined) return 0;
    const known = this.#standardise(own, values, expected, memoryRows);
    if (known < 2) return 0;
    let newest = 0;
    if (own.rows[0] >= this.#settledRows) {
      if (own.rows[0] % refactorRows === 0) invert(own, this.#factor);
      for (let c = 0; c < channels; c++) {
        const fresh = Number.isNaN(this.#errors[c]) ? 0 : this.#news(own, c);
        if (fresh <= newest) continue;
        newest = fresh;
        this.channel = c;
      }
    }
    this.#learn(own, memoryRows);
    return newest;
  }

  /** Puts errors into units of their running size; returns how many are known. */
  #standardise(own: Relation, values: ArrayLike<number>, expected: ArrayLike<number>, memoryRows: number): number {
    const rate = 1 / Math.min(memoryRows, own.rows[0] + 1);
    let known = 0;
    for (let c = 0; c < this.#errors.length; c++) {
      const error = values[c] - expected[c];
      this.#errors[c] = Number.NaN;
      if (!Number.isFinite(error)) continue;
      known++;
      const size = Math.sqrt(own.square[c]);
      const bounded = size > 0 ? Math.max(-loud, Math.min(loud, error / size)) : 0;
      const taken = size > 0 ? bounded * size : error;
      own.square[c] += (size > 0 ? rate : 1) * (taken * taken - own.square[c]);
      this.#errors[c] = bounded;
    }
    return known;
  }

  #news(own: Relation, c: number): number {
    const channels = this.#errors.length;
    const { energies, short, long } = own.channel[this.#names[c]];
    let left = 0;
    for (let i = 0; i < channels; i++) {
      if (!Number.isNaN(this.#errors[i])) left += own.precision[c * channels + i] * this.#errors[i];
    }
    push(energies, (left * left) / own.precision[c * channels + c]);
    const lately = Math.sqrt(meanOf(energies, shortRows));
    const longer = kernels.log(Math.max(leastEnergy, meanOf(energies, longRows)));
    this.#lately[c] = lately;
    this.#longer[c] = longer;
    const old = unprecedented(short, lately, range, noNews) + unprecedented(long, longer, range, noNews);
    this.unprecedented = Math.max(this.unprecedented, old);
    return news(short, lately, range, noNews) + news(long, longer, range, noNews);
  }

  /** Takes in what was looked at in the row. */
  learnNumbers(own: Relation, incident: Incident): void {
    if (this.#names.length < 2) return;
    for (let c = 0; c < this.#names.length; c++) {
      const { short, long } = own.channel[this.#names[c]];
      learnNumber(short, this.#lately[c], range, incident);
      learnNumber(long, this.#longer[c], range, incident);
    }
  }

  #learn(own: Relation, memoryRows: number): void {
    const channels = this.#errors.length;
    const rate = 1 / Math.min(memoryRows, ++own.rows[0]);
    for (let i = 0; i < channels; i++) {
      if (Number.isNaN(this.#errors[i])) continue;
      for (let j = 0; j <= i; j++) {
        const product = this.#errors[i] * this.#errors[j];
        if (!Number.isNaN(product)) own.product[i * channels + j] += rate * (product - own.product[i * channels + j]);
      }
    }
  }
}

/** Inverse of the correlations, by Cholesky: L⁻¹ first, in the upper triangle of the room, then L⁻ᵀL⁻¹. */
function invert({ product, precision, square }: Relation, factor: Float64Array): void {
  const channels = square.length;
  const deviation = (c: number): number => Math.sqrt(product[c * channels + c]) || 1;
  for (let i = 0; i < channels; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 + ridge : product[i * channels + j] / (deviation(i) * deviation(j));
      for (let k = 0; k < j; k++) sum -= factor[i * channels + k] * factor[j * channels + k];
      factor[i * channels + j] = i === j ? Math.sqrt(Math.max(ridge * ridge, sum)) : sum / factor[j * channels + j];
    }
  }
  // Column by column of the identity: forwards through L, then backwards through its transpose.
  for (let column = 0; column < channels; column++) {
    for (let i = 0; i < channels; i++) {
      let rest = i === column ? 1 : 0;
      for (let k = column; k < i; k++) rest -= factor[i * channels + k] * precision[k * channels + column];
      precision[i * channels + column] = i < column ? 0 : rest / factor[i * channels + i];
    }
    for (let i = channels - 1; i >= 0; i--) {
      let rest = precision[i * channels + column];
      for (let k = i + 1; k < channels; k++) rest -= factor[k * channels + i] * precision[k * channels + column];
      precision[i * channels + column] = rest / factor[i * channels + i];
    }
  }
}
