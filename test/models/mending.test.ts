import { describe, expect, test } from 'vitest';
import { mending } from '../../models/mending.js';
import { append, seriesLayout, takePeriods } from '../../models/series.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

/** Follows what a forecast missed, one number per row and horizon; gives what was left after mending at every row. */
function follow(
  horizons: readonly number[],
  periods: readonly number[],
  rows: number,
  missedAt: (t: number, i: number) => number,
): number[][] {
  const mend = mending({ channels: 1, horizons });
  const slab = new Slab({ series: seriesLayout(64), mend: mend.layout });
  const { series, mend: own } = slab.row(slab.add());
  append(series, 0, 1);
  takePeriods(series, periods);
  mend.begin(own, series);
  const moved = horizons.map(() => new Float64Array(rows + 1024));
  const left = horizons.map(() => [] as number[]);
  for (let t = 0; t < rows; t++) {
    horizons.forEach((h, i) => {
      const missed = t < h ? Number.NaN : missedAt(t, i);
      mend.learn(own, t, i, missed);
      if (t >= h) left[i].push(missed - moved[i][t]);
      moved[i][t + h] = mend.say(own, t, i);
    });
  }
  slab.free();
  return left;
}

const size = (errors: readonly number[]): number =>
  Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);

describe('mending', () => {
  const u = noise(6000, 3);

  test.each([
    ['the short', [24, 168], 24],
    ['the long', [24, 168], 168],
    ['a horizon beyond the period', [12, 84], 12],
  ])('an error that comes again at the same phase of %s period is taken away', (_, periods, period) => {
    const shape = noise(period, 5).map((x) => Math.sign(x));
    const left = follow([1, 5, 24], periods, 3000, (t) => shape[t % period] + 0.1 * u[t]);
    for (const errors of left) expect(size(errors.slice(-500))).toBeLessThan(0.3);
  });

  test('a changed shape of the day is known the day after, once such changes have been seen', () => {
    // A level of its own for every phase, that is drawn anew every ten days.
    const missed = (t: number): number => 1.5 * Math.sign(noise(24, 1 + Math.floor(t / 240))[t % 24]) + 0.2 * u[t];
    const [left] = follow([5], [24], 5000, missed);
    const secondDays = left.filter((_, at) => (at + 5) % 240 >= 24 && (at + 5) % 240 < 48 && at > 1000);
    expect(size(secondDays)).toBeLessThan(0.8);
    expect(size(left.map((_, at) => missed(at + 5)))).toBeGreaterThan(1.4);
  });

  test('on errors without a pattern it adds next to nothing', () => {
    for (const [i, errors] of follow([1, 5, 24], [24, 168], 6000, (t) => u[t]).entries()) {
      expect(size(errors.slice(1000)) / size(u), `horizon ${i}`).toBeLessThan(1.04);
    }
  });

  test('without periods it looks at the newest errors alone', () => {
    const drifting = u.map((_, t) => Math.sin(t / 40));
    const [left] = follow([1], [], 3000, (t) => drifting[t]);
    expect(size(left.slice(-500))).toBeLessThan(0.2);
  });

  test('a period that its ring does not hold is left out, and one that just fits is not', () => {
    // 512 rows hold a period of 509 for horizon 1: its phase, the row before and the newest.
    const of = (period: number): number => {
      const shape = noise(period, 9).map((x) => Math.sign(x));
      const [left] = follow([1], [period], 12 * period, (t) => shape[t % period]);
      return size(left.slice(-period));
    };
    expect(of(509)).toBeLessThan(0.5);
    expect(of(510)).toBeGreaterThan(0.9);
  });

  test('missing rows teach nothing, and no error moves it by more than three usual ones', () => {
    const mend = mending({ channels: 1, horizons: [1] });
    const slab = new Slab({ series: seriesLayout(64), mend: mend.layout });
    const { series, mend: own } = slab.row(slab.add());
    mend.begin(own, series);
    for (let t = 0; t < 300; t++) mend.learn(own, t, 0, Number.NaN);
    expect(mend.say(own, 299, 0)).toBeCloseTo(0, 12);
    for (let t = 300; t < 600; t++) mend.learn(own, t, 0, 1e9);
    expect(mend.say(own, 599, 0)).toBeGreaterThan(2);
    expect(mend.say(own, 599, 0)).toBeLessThanOrEqual(3);
    slab.free();
  });
});
