import { describe, expect, test } from 'vitest';
import { expertWeights } from '../../models/expert-weights.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

/** Runs experts against labels with the mixture of their weights; gives the weights and the mean squared errors. */
function run(
  horizons: readonly number[],
  labels: readonly number[],
  expertsAt: (t: number, i: number) => number[],
  from = 0,
) {
  const experts = expertsAt(0, 0).length;
  const weights = expertWeights(experts, horizons);
  const slab = new Slab(weights.layout);
  const own = slab.row(slab.add());
  weights.start(own);
  const squares = horizons.map(() => Array.from({ length: experts + 1 }, () => 0));
  labels.forEach((label, t) => {
    weights.learn(own, t, label);
    horizons.forEach((h, i) => {
      if (t >= h && t - h >= from) {
        const said = expertsAt(t - h, i);
        said.forEach((x, k) => {
          squares[i][k] += (x - label) ** 2;
        });
        squares[i][experts] += (weights.said(own, t, i) - label) ** 2;
      }
      const said = expertsAt(t, i);
      const mixed = said.reduce((sum, x, k) => sum + x * own.weight[i * experts + k], 0);
      weights.keep(own, t, i, Float64Array.from(said), 0, 1);
      weights.keepMixed(own, t, i, mixed);
    });
  });
  return { own, weights, squares };
}

describe('expert weights', () => {
  const truth = noise(4000, 1).map((u, t) => Math.sin(t / 9) + 0.1 * u);

  test('start equal, stay a distribution, and go to the expert that is right', () => {
    const horizons = [1, 3];
    const { own, squares } = run(horizons, truth, (t, i) => [truth[t + horizons[i]] ?? 0, 0, 1, -1]);
    for (let i = 0; i < 2; i++) {
      const weight = own.weight.slice(4 * i, 4 * i + 4);
      expect(weight.reduce((sum, w) => sum + w)).toBeCloseTo(1, 12);
      expect(weight.every((w) => w >= 0)).toBe(true);
      expect(weight[0]).toBeGreaterThan(0.9);
      expect(squares[i][4]).toBeLessThan(0.1 * Math.min(...squares[i].slice(1, 4)));
    }
  });

  test('two experts that err on opposite sides are mixed below the better one', () => {
    const [a, b] = [noise(4000, 2), noise(4000, 3)];
    const { squares } = run(
      [1],
      truth,
      (t) => [(truth[t + 1] ?? 0) + 0.5 * a[t], (truth[t + 1] ?? 0) + 0.5 * b[t]],
      500,
    );
    const [first, second, mixed] = squares[0];
    // Independent errors: half of the square is what is possible.
    expect(mixed).toBeLessThan(0.6 * Math.min(first, second));
  });

  test('is never much worse than the best of many bad ones', () => {
    const { squares } = run([1], truth, (t) => [truth[t], ...noise(15, t + 1).map((u) => 3 * u)], 500);
    expect(squares[0].at(-1)).toBeLessThan(1.2 * squares[0][0]);
  });

  test('recency prefers what has been right of late', () => {
    const { own, weights } = run([1], truth, (t) => {
      const [good, bad] = [truth[t + 1] ?? 0, (truth[t + 1] ?? 0) + 1];
      return t < 3900 ? [good, bad] : [bad, good];
    });
    expect(weights.recency(own, 0, 1)).toBeGreaterThan(5 * weights.recency(own, 0, 0));
  });

  test('labels are judged at the horizon they were forecast for', () => {
    // A perfect forecaster must have no error at any horizon.
    const horizons = [1, 5, 48];
    const { squares } = run(horizons, truth, (t, i) => [truth[t + horizons[i]] ?? 0, 9]);
    horizons.forEach((_, i) => void expect(squares[i][0]).toBe(0));
  });

  describe('in a world that changes', () => {
    const rows = 6000;
    const [a, b, walk] = [noise(rows, 21), noise(rows, 22), noise(rows, 23)];
    const labels = walk.map((u, t) => Math.sin(t / 7) + 0.1 * u);
    /** Two experts, of which the first is right until row 4,000 and the second from then on. */
    const said = (t: number): number[] => {
      const [good, bad] = [(labels[t + 1] ?? 0) + 0.1 * a[t], (labels[t + 1] ?? 0) + b[t]];
      return t < 4000 ? [good, bad] : [bad, good];
    };
    /** Rows after the change until the second expert has more weight. */
    const recovery = (of: (own: ReturnType<typeof run>['own']) => number): number => {
      for (let after = 1; after < 1900; after += 10) {
        if (of(run([1], labels.slice(0, 4000 + after), said).own) > 0.5) return after;
      }
      return Number.POSITIVE_INFINITY;
    };

    test('young and shared weights go over to who is right now much sooner than those of all that has been', () => {
      const [old, young, shared] = [
        recovery(({ weight }) => weight[1]),
        recovery((own) => own.young.weight[1]),
        recovery((own) => own.shared[1]),
      ];
      expect(young).toBeLessThan(40);
      expect(shared).toBeLessThan(0.5 * old);
      expect(young).toBeLessThan(0.2 * old);
    });

    test('drift is told there, and nowhere else', () => {
      const drifted = (upTo: number) => run([1], labels.slice(0, upTo), said).own.drifted[0];
      expect([500, 2000, 3900, 5900].map(drifted)).toEqual([0, 0, 0, 0]);
      expect(Math.max(...[4010, 4020, 4030, 4040, 4050].map(drifted))).toBeGreaterThan(0);
    });

    test('young regrets fade ten times as fast after an alarm, and as before when it is over', () => {
      /** What one row leaves of regrets when all experts say the same at it. */
      const left = (rowsShown: number): number => {
        const agreed = (t: number): number[] => (t === rowsShown - 2 ? [labels[t], labels[t]] : said(t));
        const before = run([1], labels.slice(0, rowsShown - 1), agreed).own;
        const after = run([1], labels.slice(0, rowsShown), agreed).own;
        return after.young.regret[0] / before.young.regret[0];
      };
      const alarmAt = Array.from({ length: 60 }, (_, i) => 4002 + i).find(
        (upTo) => run([1], labels.slice(0, upTo), said).own.drifted[0] > 0,
      ) as number;
      expect(left(3000)).toBeCloseTo(0.995, 6);
      expect(left(alarmAt + 20)).toBeCloseTo(0.95, 6);
      expect(left(alarmAt + 400)).toBeCloseTo(0.995, 6);
    });

    test('where nothing changes they are as good', () => {
      const calm = run([1], labels, (t) => [(labels[t + 1] ?? 0) + 0.1 * a[t], (labels[t + 1] ?? 0) + b[t]]);
      expect(calm.own.young.weight[0]).toBeGreaterThan(0.95);
      expect(calm.own.shared[0]).toBeGreaterThan(0.5);
    });
  });
});
