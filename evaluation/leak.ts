import { createHash, type Hash } from 'node:crypto';
import type { MakeForecaster, Step } from './forecaster.js';
import { follow, type Stream } from './stream.js';

/** One look for a leak: rows after `row` were noise, and nothing said up to it may have changed. */
export interface LeakCheck {
  readonly stream: string;
  readonly row: number;
  readonly same: boolean;
}

export interface LeakOptions {
  /** Cuts over all streams together; default 5. */
  readonly cuts?: number;
  readonly seed?: number;
}

/** Rows of noise after a cut: more than is ever shown at once. */
const noiseRows = 512;

/** Replaces all rows after a random one by noise, and compares every bit that was said before. */
export function leakTest(
  streams: readonly Stream[],
  make: MakeForecaster,
  { cuts = 5, seed = 1 }: LeakOptions = {},
): LeakCheck[] {
  const random = randomOf(seed);
  const total = streams.reduce((sum, { rows }) => sum + rows.length, 0);
  const rowsOf = new Map<Stream, number[]>();
  for (let cut = 0; cut < cuts; cut++) {
    let at = Math.floor(random() * (total - streams.length));
    for (const stream of streams) {
      if (at < stream.rows.length - 1) {
        rowsOf.set(stream, [...(rowsOf.get(stream) ?? []), at]);
        break;
      }
      at -= stream.rows.length - 1;
    }
  }
  return [...rowsOf].flatMap(([stream, rows]) => {
    const clean = digestsAt(stream, make, rows);
    return rows.map((row) => {
      const [noisy] = digestsAt(withNoise(stream, row, random), make, [row]);
      return { stream: stream.name, row, same: noisy === clean[rows.indexOf(row)] };
    });
  });
}

/** Digest of all that was said up to each of some rows. */
function digestsAt(stream: Stream, make: MakeForecaster, rows: readonly number[]): string[] {
  const last = Math.max(...rows);
  const shown = { ...stream, rows: stream.rows.slice(0, last + 1 + noiseRows) };
  const hash = createHash('sha256');
  const digests = rows.map(() => '');
  follow(shown, make, (row, step) => {
    if (row > last) return;
    addStep(hash, step);
    rows.forEach((wanted, at) => {
      if (wanted === row) digests[at] = hash.copy().digest('hex');
    });
  });
  return digests;
}

function addStep(hash: Hash, { mean, quantiles, score, alarm }: Step): void {
  hash.update(bytesOf(mean));
  if (quantiles) hash.update(bytesOf(quantiles));
  hash.update(bytesOf(Float64Array.of(score, Number(alarm))));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  // A copy: state may lie in shared memory, which the hash does not take.
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
}

/** The stream with every value after a row replaced by one from anywhere in its range, and beyond. */
function withNoise(stream: Stream, row: number, random: () => number): Stream {
  const range = stream.channels.map((_, c) => {
    const values = stream.rows.map(({ values }) => values[c]).filter((value) => !Number.isNaN(value));
    return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
  });
  const rows = stream.rows.map((clean, at) => {
    if (at <= row || at > row + noiseRows) return clean;
    return { ...clean, values: range.map(([low, high]) => low + (2 * random() - 0.5) * (high - low)) };
  });
  return { ...stream, rows };
}

/** Numbers in [0, 1) from a seed (mulberry32), the same on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
