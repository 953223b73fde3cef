import { expect } from 'vitest';
import { type Input, type Model, type Prediction, predictionOf } from '../../models/model.js';
import { columns, type Layout, type Row } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';

/** Numbers between -1 and 1, the same every time. */
export function noise(count: number, seed = 1): number[] {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export type Hints = Pick<Input, 'scale' | 'periods'> & { readonly timeMs?: number };

/** A memory at work on one key. */
export class Bench {
  readonly shared: Slab<Layout>;
  readonly own: Slab<Layout>;

  constructor(
    readonly model: Model,
    from?: Bench,
  ) {
    this.shared = new Slab(model.shared);
    this.own = new Slab(model.keyed);
    this.shared.add();
    this.own.add();
    if (from) {
      // What a checkpoint does: every column as it is, into new memory.
      copy(from.shared.row(0), this.shared.row(0));
      copy(from.own.row(0), this.own.row(0));
    } else {
      model.init(this.shared.row(0));
      model.initKey(this.shared.row(0), this.own.row(0));
    }
  }

  step(values: readonly number[], { scale, periods, timeMs = 0 }: Hints): Prediction {
    const out = predictionOf(this.model);
    this.model.step(this.shared.row(0), this.own.row(0), { values, timeMs, scale, periods }, out);
    return out;
  }

  close(): void {
    this.shared.free();
    this.own.free();
  }

  get bytes(): number {
    const size = { f64: 8, f32: 4, i32: 4, u32: 4, u8: 1 };
    return columns(this.model.keyed).reduce((sum, { of, length }) => sum + size[of] * length, 0);
  }
}

function copy(from: Row<Layout>, to: Row<Layout>): void {
  for (const [name, part] of Object.entries(from)) {
    const other = (to as Record<string, unknown>)[name];
    if (ArrayBuffer.isView(part)) (other as Float64Array).set(part as unknown as Float64Array);
    else copy(part as Row<Layout>, other as Row<Layout>);
  }
}

/** Mean absolute error of the forecasts of one channel at every horizon, over rows from `from` on. */
export function errors(
  model: Model,
  series: readonly (readonly number[])[],
  hints: Hints | ((t: number) => Hints),
  from: number,
  channel = 0,
): number[] {
  const bench = new Bench(model);
  const means = series.map((values, t) => bench.step(values, typeof hints === 'function' ? hints(t) : hints).mean);
  bench.close();
  const { horizons } = model;
  return horizons.map((h, i) => {
    let sum = 0;
    let count = 0;
    for (let t = Math.max(from, h); t < series.length; t++) {
      sum += Math.abs(means[t - h][channel * horizons.length + i] - series[t][channel]);
      count++;
    }
    return sum / count;
  });
}

const bits = ({ surprise, mean, spread, members, gauges, quantiles }: Prediction): string =>
  [[surprise], mean, spread, members ?? [], gauges ?? [], quantiles ?? []]
    .map((part) => Array.from(part).join())
    .join('|');

/** Save and open after every one of the first `every` events, and then now and then: the same bits come out. */
export function expectRestartable(
  model: Model,
  series: readonly (readonly number[])[],
  hints: Hints,
  every = 200,
): void {
  const calm = new Bench(model);
  let shaken = new Bench(model);
  series.forEach((values, t) => {
    expect(bits(shaken.step(values, hints)), `row ${t}`).toBe(bits(calm.step(values, hints)));
    if (t < every || t % 97 === 0) {
      const next = new Bench(model, shaken);
      shaken.close();
      shaken = next;
    }
  });
  calm.close();
  shaken.close();
}

/** Gaps, constants, spikes, jumps and other sizes: every forecast after the first value is a finite number. */
export function expectFinite(model: Model, periods: readonly number[]): void {
  const n = 700;
  const wave = Array.from({ length: n }, (_, t) => Math.sin((2 * Math.PI * t) / 24));
  const roughs: Record<string, number[]> = {
    gaps: wave.map((value, t) => (t % 5 === 0 || (t > 200 && t < 300) ? Number.NaN : value)),
    'gaps at first': wave.map((value, t) => (t < 150 ? Number.NaN : value)),
    constant: wave.map(() => 7),
    zero: wave.map(() => 0),
    'zero, then not': wave.map((value, t) => (t < 400 ? 0 : value)),
    large: wave.map((value) => value * 1e9 + 1e12),
    tiny: wave.map((value) => value * 1e-9),
    spikes: wave.map((value, t) => (t % 83 === 50 ? 1e9 : t % 89 === 50 ? -1e12 : value)),
    infinite: wave.map((value, t) => (t % 31 === 3 ? Number.POSITIVE_INFINITY : t % 37 === 3 ? 1e300 : value)),
    jump: wave.map((value, t) => (t < 350 ? value : value + 1e6)),
  };
  for (const [name, values] of Object.entries(roughs)) {
    const bench = new Bench(model);
    const size = name === 'large' ? 2 ** 30 : name === 'tiny' ? 2 ** -30 : 1;
    let seen = false;
    values.forEach((value, t) => {
      seen ||= Math.abs(value) < 1e18;
      const row = Array.from({ length: model.channels }, () => value);
      // Periods come when they are found, change, and go again.
      const now = t < 130 ? [] : t < 500 ? periods : t < 600 ? [periods[0] + 1] : [];
      const { mean, spread, surprise, quantiles = [] } = bench.step(row, { scale: row.map(() => size), periods: now });
      if (!seen) return;
      for (const part of [mean, spread, [surprise], quantiles]) {
        for (const number of part) if (!Number.isFinite(number)) expect.fail(`${name}, row ${t}: ${number}`);
      }
    });
    bench.close();
  }
}

/** Two channels at once are as each alone: other channels change nothing. */
export function expectSeparateChannels(build: (channels: number) => Model, periods: readonly number[]): void {
  const both = new Bench(build(2));
  const alone = [new Bench(build(1)), new Bench(build(1))];
  const [a, b] = [noise(400, 1), noise(400, 2)];
  for (let t = 0; t < 400; t++) {
    const row = [a[t] + Math.sin(t / 4), t % 11 === 0 ? Number.NaN : 100 * b[t]];
    const together = both.step(row, { scale: [1, 64], periods }).mean;
    const apart = alone.flatMap((one, c) => [...one.step([row[c]], { scale: [c ? 64 : 1], periods }).mean]);
    expect([...together]).toEqual(apart);
  }
  for (const bench of [both, ...alone]) bench.close();
}

/** Neither earlier output nor the order of learning may hang on later rows. */
export function expectCausal(model: Model, series: readonly (readonly number[])[], hints: Hints): void {
  const cut = series.length >> 1;
  const one = new Bench(model);
  const other = new Bench(model);
  const junk = noise(series.length, 99);
  series.forEach((values, t) => {
    const a = bits(one.step(values, hints));
    const b = bits(other.step(t <= cut ? values : values.map(() => 50 * junk[t]), hints));
    if (t <= cut) expect(b).toBe(a);
  });
  one.close();
  other.close();
}
