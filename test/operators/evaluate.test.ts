import { describe, expect, test } from 'vitest';
import { type EvaluateOptions, evaluate, type Scorable, type Score, scoresOf } from '../../operators/evaluate.js';
import type { Shard } from '../../operators/stage.js';
import { chance, events, normal, run, stateBits } from './harness.js';
import { laws } from './laws.js';

const levels = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
/** Standard normal quantiles of `levels`. */
const zs = [-2.3263479, -1.2815516, -0.6744898, 0, 0.6744898, 1.2815516, 2.3263479];
const shardOf = (horizons: readonly number[], channels = ['a'], members: readonly string[] = []): Shard => ({
  name: 's',
  channels,
  horizons,
  members,
});

type Forecaster = (row: number, horizon: number, channel: number) => number;

/** Events with forecasts by `point`, quantiles `spread` around it, and members' points. */
function forecasts(
  values: readonly (readonly number[])[],
  horizons: readonly number[],
  point: Forecaster,
  spread = 0,
  members: readonly Forecaster[] = [],
): Scorable[] {
  return events(values).map((event, row) => {
    const all = (by: Forecaster) => event.values.flatMap((_, c) => horizons.map((h) => by(row, h, c)));
    const mean = all(point);
    return {
      ...event,
      prediction: {
        surprise: 0,
        mean: Float64Array.from(mean),
        spread: new Float64Array(mean.length),
        members: Float64Array.from(members.flatMap(all)),
      },
      forecast: {
        horizons,
        levels,
        mean: Float64Array.from(mean),
        quantiles: Float64Array.from(mean.flatMap((m) => zs.map((z) => m + z * spread))),
      },
    };
  });
}
const scores = (rows: readonly Scorable[], shard: Shard, options: EvaluateOptions = {}): Score[] =>
  scoresOf(run([evaluate(options)], rows, { shard, cuts: [50] }).saved[0] as never);
const line = (n: number) => Array.from({ length: n }, (_, i) => [3 * i + 0.1]);

describe('evaluate', () => {
  const horizons = [1, 2, 7];
  const noisy = line(300).map(([v], i) => [i % 23 === 0 ? Number.NaN : Math.sin(v as number), i]);
  const disturbed = forecasts(noisy, horizons, (i, h, c) => i - h * c, 2, [(i) => i % 5]).map((row, i) => ({
    ...row,
    ...(i % 31 === 0 && { filled: true }),
    ...(i % 97 === 96 && { gap: true }),
  }));
  laws(() => evaluate(), disturbed, shardOf(horizons, ['a', 'b'], ['last-value']));

  test('a perfect forecaster scores exactly 0 at every horizon', () => {
    for (const h of [1, 2, 3, 24, 48]) {
      const values = Array.from({ length: 200 }, (_, i) => [Math.sin(i) / 3, 1e9 * Math.cos(i)]);
      const truth: Forecaster = (i, h, c) => (c === 0 ? Math.sin(i + h) / 3 : 1e9 * Math.cos(i + h));
      const [score] = scores(forecasts(values, [1, h], truth), shardOf([1, h], ['a', 'b']), { horizons: [h] });
      expect(score).toMatchObject({ horizon: h, rows: 2 * (200 - h), mae: 0, rmse: 0, wape: 0, crps: 0 });
      expect(score?.coverage).toEqual({ 50: 1, 80: 1, 98: 1 });
    }
  });

  test('one that is a row early or late does not score 0', () => {
    for (const off of [-1, 1]) {
      for (const score of scores(
        forecasts(line(100), horizons, (i, h) => 3 * (i + h + off) + 0.1),
        shardOf(horizons),
      )) {
        expect(score.mae).toBeCloseTo(3, 9);
      }
    }
  });

  test('sums are those of a plain recount, memory by memory', () => {
    const z = normal(chance(8));
    const values = Array.from({ length: 500 }, () => [10 + z()]);
    const value = (i: number) => (values[i] as number[])[0] as number;
    const last: Forecaster = (i) => value(i);
    const none: Forecaster = () => Number.NaN;
    const rows = forecasts(values, horizons, () => 10.5, 1, [last, none]);
    const found = scores(rows, shardOf(horizons, ['a'], ['last-value', 'silent']));
    expect(found.map(({ memory, horizon }) => `${memory} ${horizon}`)).toEqual([
      ...horizons.map((h) => `default ${h}`),
      ...horizons.map((h) => `last-value ${h}`),
    ]);
    for (const [memory, forecast] of [
      ['default', () => 10.5],
      ['last-value', last],
    ] as const) {
      for (const h of horizons) {
        const pairs = values.slice(h).map(([truth], i) => [truth as number, forecast(i, h, 0)] as const);
        const sum = (of: (truth: number, forecast: number) => number) => pairs.reduce((s, [t, f]) => s + of(t, f), 0);
        const score = found.find((s) => s.memory === memory && s.horizon === h) as Score;
        expect(score.rows).toBe(pairs.length);
        expect(score.mae).toBeCloseTo(sum((t, f) => Math.abs(t - f)) / pairs.length, 10);
        expect(score.rmse).toBeCloseTo(Math.sqrt(sum((t, f) => (t - f) ** 2) / pairs.length), 10);
        expect(score.wape).toBeCloseTo(sum((t, f) => Math.abs(t - f)) / sum((t) => Math.abs(t)), 10);
      }
    }
  });

  test('true quantiles keep their coverage, and their CRPS is the one of the normal distribution', () => {
    const z = normal(chance(3));
    const values = Array.from({ length: 40_000 }, () => [z()]);
    const [score] = scores(
      forecasts(values, [1], () => 0, 1),
      shardOf([1]),
    );
    for (const band of [50, 80, 98]) expect(score?.coverage?.[band]).toBeCloseTo(band / 100, 2);
    // The CRPS of a true forecast is half of E|X - X'|: for N(0, 1) that is 1 / sqrt(pi); few quantiles say a little less.
    expect(score?.crps).toBeGreaterThan(0.9 / Math.sqrt(Math.PI));
    expect(score?.crps).toBeLessThan(1.05 / Math.sqrt(Math.PI));
    const [wide] = scores(
      forecasts(values, [1], () => 0, 3),
      shardOf([1]),
    );
    expect(wide?.crps).toBeGreaterThan(score?.crps as number);
  });

  test('missing values, filled rows and forecasts across a gap are not scored', () => {
    const perfect: Forecaster = (i, h) => 3 * (i + h) + 0.1;
    const rows = forecasts(line(50), [1, 5], perfect).map((row, i) => {
      if (i === 10) return { ...row, values: [Number.NaN] };
      if (i === 20) return { ...row, values: [1e9], filled: true };
      return i === 30 ? { ...row, gap: true } : row;
    });
    // 49 and 45 without any of it. At 10: one truth. At 20: one truth, one forecast. At 30: h forecasts across it.
    expect(scores(rows, shardOf([1, 5]))).toMatchObject([
      { horizon: 1, rows: 49 - 1 - 2 - 1, mae: 0 },
      { horizon: 5, rows: 45 - 1 - 2 - 5, mae: 0 },
    ]);
  });

  test('keys are scored apart and added up', () => {
    const one = forecasts(line(60), [1, 5], (i, h) => 3 * (i + h) + 0.1);
    const both = one.flatMap((row) => [row, { ...row, key: 'other' }]);
    expect(scores(both, shardOf([1, 5]))).toMatchObject([
      { rows: 118, mae: 0 },
      { rows: 110, mae: 0 },
    ]);
  });

  test('of many horizons six are scored, the first and the last among them, and too much room is refused', () => {
    const many = Array.from({ length: 48 }, (_, i) => i + 1);
    const found = scores(
      forecasts(line(60), many, (i, h) => 3 * (i + h)),
      shardOf(many),
    );
    expect(found.map(({ horizon }) => horizon)).toEqual([1, 10, 20, 29, 39, 48]);
    const seven = shardOf([1, 4000], 'abcdefg'.split(''));
    expect(() => run([evaluate()], [], { shard: seven })).toThrow(
      /evaluate\.horizons: expected pending forecasts of at most/,
    );
  });

  test('totals cross a restart', () => {
    const long = forecasts(line(120), [1, 5], (i) => i);
    const shard = shardOf([1, 5]);
    const [calm, torn] = [false, true].map((restart) => run([evaluate()], long, { shard, restart }));
    expect(stateBits(torn?.saved ?? [])).toBe(stateBits(calm?.saved ?? []));
  });

  test('a wrong option names itself', () => {
    const shard = shardOf([1, 5]);
    expect(() => run([evaluate({ horizons: [2] })], [], { shard })).toThrow(
      /evaluate\.horizons: expected some of.*1, 5, got 2/,
    );
    expect(() => run([evaluate({ memory: 'rls' })], [], { shard: shardOf([1], ['a'], ['rls']) })).toThrow(
      /evaluate\.memory.*rls/,
    );
    expect(() => run([evaluate()], [])).toThrow(/expected a step that forecasts before it/);
    expect(() =>
      run(
        [evaluate({ levels: [0.5] })],
        forecasts(line(3), [1, 5], () => 0),
        { shard },
      ),
    ).toThrow(/evaluate\.levels/);
    expect(() => scoresOf({})).toThrow(/expected the saved state of an evaluate step/);
  });
});
