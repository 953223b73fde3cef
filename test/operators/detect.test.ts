import { describe, expect, test } from 'vitest';
import { type Detected, detect, type Judged } from '../../operators/detect.js';
import { bits, chance, events, normal, run } from './harness.js';
import { laws } from './laws.js';
import { tailOf } from './tail.js';

/** Judged events from tail probabilities, one channel or several. */
const judged = (tails: readonly (number | readonly number[])[]): Judged[] =>
  events(tails.map(() => 0)).map((event, i) => {
    const tail = tails[i] as number | readonly number[];
    return { ...event, tail: Float64Array.from(typeof tail === 'number' ? [tail] : tail) };
  });
const scored = (tails: readonly (number | readonly number[])[], options = {}) =>
  run<Detected, Judged>([detect(options)], judged(tails), { cuts: [500] }).rows;
const uniform = (n: number, seed: number) => {
  const random = chance(seed);
  return Array.from({ length: n }, () => 1 - random());
};
const alarms = (rows: readonly Detected[], from = 0, upTo = rows.length) =>
  rows.slice(from, upTo).filter(({ alarm }) => alarm).length;

const streams: Record<string, (n: number, seed: number) => number[]> = {
  'uniform tails': uniform,
  'tails of an autocorrelated stream': (n, seed) => {
    const z = normal(chance(seed));
    let x = 0;
    return Array.from({ length: n }, () => {
      x = 0.8 * x + 0.6 * z();
      return tailOf(x);
    });
  },
  'forecasts with far too narrow intervals': (n, seed) => {
    const z = normal(chance(seed));
    return Array.from({ length: n }, () => tailOf(2.5 * z()));
  },
  'heavy-tailed errors': (n, seed) => {
    const [z, random] = [normal(chance(seed)), chance(seed + 99)];
    // Student t with three degrees of freedom under a normal forecast.
    return Array.from({ length: n }, () => {
      const chi = -2 * Math.log(1 - random()) + z() ** 2;
      return tailOf(z() / Math.sqrt(chi / 3));
    });
  },
  'spread that comes and goes': (n, seed) => {
    const z = normal(chance(seed));
    return Array.from({ length: n }, (_, i) => tailOf(z() * (1 + 0.5 * Math.sin(i / 40))));
  },
};

describe('detect', () => {
  laws(
    () => detect({ warmupRows: 40, budget: { alarms: 1, per: 'key', every: '1d' } }),
    judged(uniform(300, 2).map((p, i) => (i % 19 === 0 ? Number.NaN : i % 97 === 0 ? 1e-13 : p))),
  );

  for (const [name, stream] of Object.entries(streams)) {
    test(`a score of p comes at a share p of rows: ${name}`, () => {
      const [seeds, rows] = [6, 50_000];
      const counts = new Map<number, number>();
      for (let seed = 1; seed <= seeds; seed++) {
        for (const { score } of scored(stream(rows, seed)).slice(2000)) {
          for (const p of [0.1, 0.01, 0.001]) if (score <= p) counts.set(p, (counts.get(p) ?? 0) + 1);
        }
      }
      const share = (p: number) => (counts.get(p) ?? 0) / (seeds * (rows - 2000)) / p;
      for (const p of [0.1, 0.01, 0.001]) {
        expect(share(p), `share of scores <= ${p}, over ${p}`).toBeGreaterThan(0.75);
        expect(share(p), `share of scores <= ${p}, over ${p}`).toBeLessThan(1.25);
      }
    });
  }

  test('a spike alarms, and claims to be as rare as a tail that is not surely known allows', () => {
    const tails = uniform(3000, 3);
    tails[2500] = 1e-12;
    const rows = scored(tails);
    expect(rows[2500]).toMatchObject({ alarm: true });
    expect((rows[2500] as Detected).score).toBeLessThan(1e-4);
    expect((rows[2500] as Detected).score).toBeGreaterThan(1e-6);
  });

  test('a second anomaly near the first shows too, and in an old key so does the third', () => {
    for (const [rowsBefore, found] of [
      // Of 1,040 rows that hold two such spikes a third is not the rarest in 2,000.
      [300, [true, true, false, false]],
      [1000, [true, true, false, false]],
      [4000, [true, true, true, false]],
    ] as const) {
      const tails = uniform(rowsBefore + 100, 5);
      const spikes = [0, 15, 40, 80].map((after) => rowsBefore + after);
      for (const at of spikes) tails[at] = 1e-12;
      const rows = scored(tails);
      expect(spikes.map((at) => (rows[at] as Detected).alarm)).toEqual(found);
    }
  });

  test('a level shift and a wider spread alarm within 10 rows, and become normal in the end', () => {
    const z = normal(chance(9));
    for (const after of [() => tailOf(3 + z()), () => tailOf(4 * z())]) {
      const rows = scored([...uniform(3000, 4), ...Array.from({ length: 6000 }, after)]);
      expect(alarms(rows, 3000, 3010)).toBeGreaterThan(0);
      expect(alarms(rows, 6000, 9000)).toBeLessThan(30);
    }
  });

  test('many rows that are each a little strange alarm together', () => {
    const rows = scored([...uniform(3000, 4), ...uniform(30, 8).map((p) => 0.15 * p)]);
    expect(rows.slice(3000).findIndex(({ alarm }) => alarm)).toBeGreaterThan(0);
    expect(alarms(rows, 2900, 3000)).toBe(0);
  });

  test('a constant does not alarm, and a square wave stops to after its first changes', () => {
    expect(alarms(scored(Array(3000).fill(1)))).toBe(0);
    const square = scored(Array.from({ length: 5000 }, (_, i) => (i % 50 === 49 ? 1e-12 : 1)));
    expect(alarms(square, 0, 1000)).toBeLessThan(40);
    expect(alarms(square, 1000)).toBe(0);
    const jump = scored(Array.from({ length: 2000 }, (_, i) => (i === 1500 ? 1e-12 : 1)));
    expect((jump[1500] as Detected).alarm).toBe(true);
  });

  test('the same number again and again is never strange, wherever it lies among the bins', () => {
    for (const tail of [0.99, 0.7789, 0.7788, 0.5, 0.3, 0.0183, 1e-5]) {
      expect(alarms(scored(Array(2000).fill(tail)))).toBe(0);
      const random = chance(3);
      expect(alarms(scored(Array.from({ length: 3000 }, () => tail * (1 + 1e-9 * random()))))).toBe(0);
    }
  });

  test('bad forecasts at the start of a stream do not blunt it later', () => {
    const rows = scored([...Array(60).fill(1e-12), ...uniform(1500, 2), 1e-9]);
    expect((rows.at(-1) as Detected).alarm).toBe(true);
  });

  test('warming up is counted down, scored 1 and never alarms', () => {
    const rows = scored([...uniform(49, 1), 1e-12, ...uniform(150, 2)], { warmupRows: 120 });
    expect(rows[0]).toMatchObject({ score: 1, alarm: false, warmup: 119 });
    expect(rows.slice(0, 120).every(({ score, alarm }) => score === 1 && !alarm)).toBe(true);
    expect(rows[119]?.warmup).toBe(0);
    expect(rows[120]?.score).toBeLessThan(1);
  });

  test('missing and filled rows teach nothing, score 1 and do not alarm', () => {
    const plain = judged(uniform(400, 6));
    const holed = plain.flatMap((row) => [
      row,
      { ...row, tail: Float64Array.of(Number.NaN) },
      { ...row, tail: Float64Array.of(1e-12), filled: true },
    ]);
    const rows = run<Detected, Judged>([detect()], holed).rows;
    const alone = run<Detected, Judged>([detect()], plain).rows;
    expect(rows.filter((_, i) => i % 3 === 0).map(({ score }) => score)).toEqual(alone.map(({ score }) => score));
    expect(rows.filter((_, i) => i % 3 > 0).every(({ score, alarm }) => score === 1 && !alarm)).toBe(true);
  });

  test('one channel of seven is enough, and all of them a little are too', () => {
    const random = chance(12);
    const tails = Array.from({ length: 2000 }, () => Array.from({ length: 7 }, () => 1 - random()));
    tails[1800] = [0.5, 0.5, 1e-10, 0.5, Number.NaN, 0.5, 0.5];
    tails[1900] = Array(7).fill(0.001);
    const channels = 'abcdefg'.split('');
    const { rows } = run<Detected, Judged>([detect()], judged(tails), { shard: { name: 's', channels } });
    expect([rows[1800]?.alarm, rows[1900]?.alarm]).toEqual([true, true]);
  });

  test('false alarms may be set by rows or by time, and come as often as set', () => {
    // Rows are a minute apart: 10 a day are 1 in 144.
    for (const budget of [
      { alarms: 10, per: 'key', every: '1d' },
      { alarms: 1, per: 'key', rows: 144 },
    ] as const) {
      const count = alarms(scored(uniform(30_000, 3), { budget }), 2000);
      expect(count / (28_000 / 144)).toBeGreaterThan(0.7);
      expect(count / (28_000 / 144)).toBeLessThan(1.3);
    }
  });

  describe('with all evidence', () => {
    const all = { evidence: 'all' } as const;
    /** Values with their tails under a forecast of 0. */
    const shown = (values: readonly number[]): Judged[] =>
      events(values).map((event) => ({ ...event, tail: [tailOf(event.values[0] as number)], expected: [0] }));
    const noise = (n: number, seed: number) => {
      const z = normal(chance(seed));
      return Array.from({ length: n }, () => z());
    };
    const told = (values: readonly number[]) =>
      run<Detected, Judged>([detect(all)], shown(values), { cuts: [500] }).rows;

    test('a shift is told once, soon, below its budget, and is abnormal while it is new', () => {
      const rows = told([...noise(3000, 2), ...noise(300, 3).map((x) => x + 6)]);
      const first = rows.findIndex(({ alarm }, i) => alarm && i >= 3000);
      expect(first).toBeLessThan(3010);
      expect(rows[first]?.score).toBeLessThan(1 / 2000);
      expect(alarms(rows, 3000)).toBeLessThan(6);
      expect(rows.slice(3020, 3120).every(({ abnormal }) => abnormal)).toBe(true);
      expect(Math.max(...rows.slice(3060, 3200).map(({ score }) => score))).toBeLessThan(0.1);
    });

    test('an alarm is not withheld for a constant that changes, nor told at each change', () => {
      const square = Array.from({ length: 5000 }, (_, i) => (i % 100 < 50 ? 0 : 1));
      expect(alarms(told(square), 1000)).toBe(0);
      expect(alarms(told([...square, 3]), 5000)).toBe(1);
    });

    test('warming up is counted down, and an alarm is possible when it is over', () => {
      const rows = told([...noise(110, 2), 40, ...noise(10, 3)]);
      expect(rows.slice(0, 101).map(({ warmup }) => warmup)).toEqual(
        Array.from({ length: 101 }, (_, i) => Math.max(0, 99 - i)),
      );
      expect(rows.slice(0, 100).every(({ score, alarm }) => score === 1 && !alarm)).toBe(true);
      expect(rows[110]).toMatchObject({ alarm: true, reasons: { channel: 0 } });
      expect(rows[110]?.score).toBeLessThanOrEqual(1 / 2000);
    });

    test('what an operator calls expected must be rarer to alarm, what he calls real need not, and replays agree', () => {
      const values = noise(5000, 4);
      const spikes = [2000, 2400, 2800, 3200, 3600];
      spikes.forEach((at, i) => {
        values[at] = 8 * 1.25 ** i;
      });
      for (let i = 4000; i < 4100; i++) values[i] = -30 + (values[i] as number);
      const rows = shown(values);
      const startMs = (rows[2000] as Judged).timeMs;
      const marked = (verdict: 'expected' | 'real', times: number, restart = false) => {
        const marks = Array.from({ length: times }, () => ({
          key: 'k',
          verdict,
          startMs,
          endMs: startMs,
          offset: 2100,
        }));
        return run<Detected, Judged>([detect(all)], rows, { cuts: [301], marks, restart }).rows;
      };
      const said = (list: readonly Detected[]) => spikes.filter((at) => list[at]?.alarm).length;
      const [plain, expected, real] = [marked('real', 0), marked('expected', 4), marked('real', 1)];
      expect(said(plain)).toBeGreaterThan(2);
      expect(said(expected)).toBeLessThan(said(plain));
      expect(said(real)).toBeGreaterThanOrEqual(said(plain));
      expect(alarms(expected, 4000, 4020)).toBe(1);
      expect(bits(marked('expected', 4, true))).toBe(bits(expected));
      // The row that comes with the marks tells of them, no other does, and alarms say what weighs on them.
      const telling = (list: readonly Detected[]) =>
        list.flatMap((row, i) => ('marks' in row ? [[i, (row.marks as unknown[]).length]] : []));
      expect([telling(plain), telling(real), telling(expected)]).toEqual([[], [[2100, 1]], [[2100, 4]]]);
      const weights = (list: readonly Detected[]) =>
        list.slice(2101).flatMap(({ about }) => (about?.excuse ? [Math.sign(about.excuse)] : []));
      expect(new Set(weights(real))).toEqual(new Set([-1]));
      expect(weights(plain)).toEqual([]);
    });

    test('missing and filled rows teach nothing, score 1 and do not alarm', () => {
      const plain = shown(noise(1500, 6));
      const holed = plain.flatMap((row) => [
        row,
        { ...row, values: [Number.NaN], tail: [Number.NaN] },
        { ...row, values: [99], tail: [1e-12], filled: true },
      ]);
      const rows = run<Detected, Judged>([detect(all)], holed).rows;
      const alone = run<Detected, Judged>([detect(all)], plain).rows;
      expect(rows.filter((_, i) => i % 3 === 0).map(({ score }) => score)).toEqual(alone.map(({ score }) => score));
      expect(rows.filter((_, i) => i % 3 > 0).every(({ score, alarm }) => score === 1 && !alarm)).toBe(true);
    });
  });

  test('a wrong option names itself', () => {
    expect(() => detect({ evidence: 'some' as never })).toThrow(
      /detect\.evidence: expected one of surprise, all, conformal/,
    );
    expect(() => detect({ warmupRows: 2.5 })).toThrow(/detect\.warmupRows: expected a whole number.*got 2.5/);
    expect(() => detect({ missing: 'no' as never })).toThrow(/detect\.missing: expected one of evidence, ignore/);
    expect(() => detect({ falseAlarms: { count: 1, rows: 200 } } as never)).toThrow(/is now detect\.budget/);
  });
});
