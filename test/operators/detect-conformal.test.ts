import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Detected, detect, type Judged } from '../../operators/detect.js';
import { interval } from '../../operators/interval.js';
import { normalize } from '../../operators/normalize.js';
import { remember } from '../../operators/remember.js';
import { seasons } from '../../operators/seasons.js';
import { bits, chance, events, normal, run } from './harness.js';
import { laws } from './laws.js';
import { tailOf } from './tail.js';

const conformal = { evidence: 'conformal' } as const;
/** Values with their tails under a forecast of 0. */
const shown = (values: readonly number[]): Judged[] =>
  events(values).map((event) => ({ ...event, tail: [tailOf(event.values[0] as number)], expected: [0] }));
const noise = (n: number, seed: number): number[] => {
  const z = normal(chance(seed));
  return Array.from({ length: n }, () => z());
};
const told = (rows: readonly Judged[], options = {}, disturbance = {}) =>
  run<Detected, Judged>([detect({ ...conformal, ...options })], rows, { cuts: [500], ...disturbance }).rows;

laws(
  () => detect({ ...conformal, warmupRows: 40, budget: { alarms: 10, per: 'key', every: '1d' } }),
  shown(noise(300, 2).map((x, i) => (i % 19 === 0 ? Number.NaN : i % 97 === 0 ? 9 : x))),
);

test('warming up scores 1 and never alarms; then scores are ranks', () => {
  const rows = told(shown([...noise(90, 1), 40, ...noise(300, 2)]));
  expect(rows.slice(0, 100).every(({ score, alarm, onset }) => score === 1 && !alarm && onset === 0)).toBe(true);
  expect(rows.slice(100).every(({ score }) => score > 0 && score < 1)).toBe(true);
});

test.each([
  [{ alarms: 1, per: 'key', rows: 2000 }, 1464],
  [{ alarms: 1, per: 'key', rows: 700 }, 454],
  [{ alarms: 1, per: 'key', every: '1d' }, 1158],
] as const)('with %o, what is counted down are the rows until one that is strange alone can alarm', (budget, ends) => {
  const rows = shown(noise(1600, 3)).map((row, i) => ({ ...row, timeMs: 1e12 + 60_000 * i }));
  const plain = told(rows, { budget });
  const begins = plain.findIndex(({ warmup }) => warmup === 0);
  expect(begins).toBe(ends);
  // A budget by time knows no pace at the first row.
  for (const [i, { warmup }] of plain.slice(0, begins).entries()) if (i > 0) expect(warmup).toBe(begins - i);
  const spiked = (at: number): boolean => {
    const row = { ...(rows[at] as Judged), values: [50], tail: [tailOf(50)] };
    return told(rows.with(at, row).slice(0, at + 1), { budget }).at(-1)?.alarm as boolean;
  };
  expect(spiked(begins)).toBe(false);
  expect(spiked(begins + 1)).toBe(true);
});

test('one row of 2096 silences nobody, neither its key nor with a budget over all keys the others', () => {
  for (const per of ['key', 'all'] as const) {
    const [clean, wrong] = [false, true].map((bad) => {
      const z = normal(chance(5));
      const rows = Array.from({ length: 18_000 }, (_, offset): Judged => {
        const [minute, key] = [Math.floor(offset / 2), 'ab'[offset % 2] as string];
        const value = minute > 4000 && minute % 500 === 0 ? 60 : z();
        const timeMs = bad && offset === 2001 ? 4e12 : 1e12 + minute * 60_000;
        return { key, timeMs, values: [value], tail: [tailOf(value)], expected: [0], offset };
      });
      const out = told(rows, { budget: { alarms: 2, per, every: '1d' } });
      return [0, 1].map((key) => out.filter(({ alarm }, i) => alarm && i % 2 === key).length);
    }) as [number[], number[]];
    for (const [i, alarms] of clean.entries()) {
      expect(alarms).toBeGreaterThan(5);
      expect(Math.abs((wrong[i] as number) - alarms)).toBeLessThan(3);
    }
  }
});

test('an alarm is scored at most what the budget asks, also where it tells of many rows, and what is low like what is high', () => {
  for (const shift of [2.4, -2.4]) {
    const z = normal(chance(5));
    const values = Array.from({ length: 4300 }, (_, i) => (i >= 4000 ? shift + 0.2 * z() : z()));
    const rows = told(shown(values));
    const alarms = rows.filter(({ alarm }, i) => alarm && i >= 4000);
    expect(alarms.length).toBeGreaterThan(0);
    expect(Math.max(...alarms.map(({ score }) => score))).toBeLessThanOrEqual(1 / 2000);
    const scores = rows.slice(4000, 4100).map(({ score }) => score);
    expect(scores.toSorted((a, b) => a - b)[50]).toBeLessThan(0.05);
  }
});

test('missing and filled rows teach nothing, score 1 and do not alarm', () => {
  const plain = shown(noise(600, 6));
  const holed = plain.flatMap((row) => [
    row,
    { ...row, values: [Number.NaN], tail: [Number.NaN] },
    { ...row, values: [99], tail: [1e-12], filled: true },
  ]);
  const [rows, alone] = [told(holed), told(plain)];
  expect(rows.filter((_, i) => i % 3 === 0).map(({ score, alarm }) => [score, alarm])).toEqual(
    alone.map(({ score, alarm }) => [score, alarm]),
  );
  expect(rows.filter((_, i) => i % 3 > 0).every(({ score, alarm }) => score === 1 && !alarm)).toBe(true);
});

test('a budget over all keys in time holds through restarts and cuts, and is what all keys get together', () => {
  const names = Array.from({ length: 20 }, (_, i) => `k${i}`);
  const [z, minutes] = [normal(chance(3)), 1500];
  const rows = Array.from({ length: minutes }, (_, minute) => names.map((key) => ({ minute, key })))
    .flat()
    .map(({ minute, key }, offset): Judged => {
      const value = z();
      return { key, timeMs: 1e12 + 60_000 * minute, values: [value], offset, tail: [tailOf(value)], expected: [0] };
    });
  const budget = { alarms: 200, per: 'all', every: '1d' };
  const whole = told(rows, { budget });
  const alarms = whole.filter(({ alarm }) => alarm).length;
  const allowed = (200 * (minutes - 100)) / 1440;
  expect(alarms / allowed).toBeGreaterThan(0.5);
  expect(alarms / allowed).toBeLessThan(1.1);
  expect(bits(told(rows, { budget }, { cuts: [1777, 3], restart: true }))).toBe(bits(whole));
});

test('what an operator calls expected is told less, and what is called real no more often than the bound allows', () => {
  const values = noise(9000, 4);
  const spikes = [4000, 5000, 6000, 7000, 8000];
  for (const [i, at] of spikes.entries()) values[at] = 8 + i;
  const rows = shown(values);
  const { timeMs } = rows[4000] as Judged;
  const marked = (verdict: 'expected' | 'real', times: number, restart = false) => {
    const mark = { key: 'k', verdict, startMs: timeMs, endMs: timeMs, offset: 4100 };
    const budget = { alarms: 1, per: 'key', rows: 500 };
    return told(rows, { budget }, { marks: Array.from({ length: times }, () => mark), restart });
  };
  const said = (list: readonly Detected[]) => spikes.filter((at) => list[at]?.alarm).length;
  const [plain, expected, real] = [marked('real', 0), marked('expected', 4), marked('real', 3)];
  expect(plain[4000]?.alarm).toBe(true);
  expect(said(plain)).toBeGreaterThan(2);
  expect(said(expected)).toBe(1);
  expect(real.map(({ alarm }) => alarm)).toEqual(plain.map(({ alarm }) => alarm));
  expect(bits(marked('expected', 4, true))).toBe(bits(expected));
});

describe('with memories, in seasonal streams', () => {
  const season = (t: number): number => 5 * Math.sin((2 * Math.PI * t) / 48);
  const rowsBefore = 6000;
  const rowsAfter = 400;
  /** What the values are from row `rowsBefore` on, `since` rows later. */
  const wrong: Record<string, (since: number, t: number, noise: number, before: number) => number> = {
    spike: (since, t, noise) => season(t) + noise + (since === 0 ? 12 : 0),
    'level shift': (_, t, noise) => season(t) + noise + 6,
    'wider spread': (_, t, noise) => season(t) + 4 * noise,
    'flat line': (_, __, ___, before) => before,
  };
  /** Rows until the first alarm, about twice what is printed. */
  const latest: Record<keyof typeof wrong, number> = { spike: 0, 'level shift': 2, 'wider spread': 4, 'flat line': 28 };
  const alarmsOf = (memory: 'last-value' | 'seasonal-naive' | 'default', what: keyof typeof wrong): number[] => {
    const z = normal(chance(17));
    let before = 0;
    const list = Array.from({ length: rowsBefore + rowsAfter }, (_, t): Event => {
      const since = t - rowsBefore;
      const noise = z();
      const value = since < 0 ? season(t) + noise : (wrong[what] as (typeof wrong)[string])(since, t, noise, before);
      if (since < 0) before = value;
      return { key: 'k', timeMs: t * 60_000, values: [value], offset: t };
    });
    const stages = [normalize(), seasons(), remember({ memory, horizons: [1] }), interval(), detect(conformal)];
    const { rows } = run<Detected>(stages, list, { cuts: [500] });
    return rows.flatMap(({ alarm }, t) => (alarm ? [t - rowsBefore] : []));
  };
  const cases = (['last-value', 'seasonal-naive', 'default'] as const).flatMap((memory) =>
    Object.keys(wrong).map((what) => [memory, what] as const),
  );
  test.each(cases)('%s: %s is told soon, and little before', (memory, what) => {
    const alarms = alarmsOf(memory, what);
    const [first] = alarms.filter((row) => row >= 0);
    process.stdout.write(
      `conformal, ${memory}, ${what}: first alarm after ${first} rows, ${alarms.filter((row) => row >= 0).length} in ${rowsAfter}, ` +
        `${alarms.filter((row) => row < 0).length} before (3 granted)\n`,
    );
    expect(first).toBeLessThanOrEqual(latest[what] as number);
    expect(alarms.filter((row) => row < 0).length).toBeLessThanOrEqual(2);
  });
});

test('what does not go with exact ranks is refused', () => {
  expect(() => detect({ ...conformal, memoryRows: 500 })).toThrow(/detect\.memoryRows: expected none with evidence/);
  expect(() => detect({ ...conformal, missing: 'ignore' })).toThrow(/detect\.missing: expected none with evidence/);
  expect(() => detect({ ...conformal, budget: { falseDiscoveries: 0.1 } })).toThrow(/detect\.budget: expected/);
});
