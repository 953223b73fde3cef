import { describe, expect, test } from 'vitest';
import type { Anomaly, Event } from '../../event.js';
import { alert } from '../../operators/alert.js';
import { type Expected, type TogetherOptions, together } from '../../operators/together.js';
import { parseSpec, pipelineOf } from '../../pipelines/spec.js';
import { bits, chance, normal, run, startMs } from './harness.js';

const minute = 60_000;

/** Two-sided tail probability of a standard normal number, by its continued fraction and series (no table). */
function tailOf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.max(1e-12, poly * Math.exp(-x * x));
}

interface World {
  readonly keys: number;
  readonly slots: number;
  readonly seed?: number;
  /** What is added to the noise of a key in a slot. */
  readonly shift?: (key: number, slot: number) => number;
  /** How much of the noise all keys have in common. */
  readonly common?: number;
  /** When in its slot a key reports, minutes. */
  readonly when?: (key: number, slot: number) => number;
  readonly says?: (key: number, slot: number) => boolean;
}

/** Rows of keys that lie in their forecasts as they should, but for the shift. */
function world({ keys, slots, seed = 1, shift = () => 0, common = 0, when = () => 0, says = () => true }: World) {
  const draw = normal(chance(seed));
  const all: Omit<Expected, 'offset'>[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const weather = draw();
    for (let key = 0; key < keys; key++) {
      const z = Math.sqrt(1 - common) * draw() + Math.sqrt(common) * weather + shift(key, slot);
      if (!says(key, slot)) continue;
      const timeMs = startMs + (slot + when(key, slot)) * minute;
      all.push({ key: `sensor-${key}`, timeMs, values: [20 + z], tail: [tailOf(z)], expected: [20] });
    }
  }
  return all.sort((a, b) => a.timeMs - b.timeMs).map((row, offset): Expected => ({ ...row, offset }));
}
const quick = { warmupRows: 0 } satisfies TogetherOptions;
const told = (events: readonly Event[], options: TogetherOptions = quick): readonly Anomaly[] =>
  run([together(options)], events, { cuts: [1000] }).anomalies;

describe('together', () => {
  test('200 of 1,000 keys that each move mildly at once are told, in one anomaly that says how many, which way and who', () => {
    const shift = (key: number, slot: number) => (slot >= 160 && slot < 164 && key % 5 === 0 ? 1.5 : 0);
    const events = world({ keys: 1000, slots: 200, shift });
    const [open, closed, ...more] = told(events);
    expect(more).toEqual([]);
    expect(open).toMatchObject({
      status: 'open',
      kind: 'together',
      channel: 'keys at once',
      startMs: startMs + 160 * minute,
    });
    expect(closed).toMatchObject({ id: open.id, key: open.key, status: 'closed', alarms: 4, severity: 'major' });
    expect(closed.endMs).toBe(startMs + 164 * minute);
    expect(closed.together).toMatchObject({ of: 1000, direction: 'above' });
    // A fifth moves by 1.5 deviations: 45 % of those leave the middle nine tenths, and a tenth of the rest.
    expect(closed.together?.share).toBeCloseTo(0.8 * 0.1 + 0.2 * 0.444, 1);
    expect(closed.expected).toBeGreaterThan(80);
    expect(closed.expected).toBeLessThan(120);
    expect(closed.actual).toBeGreaterThan(closed.high);
    expect(open.together?.most).toHaveLength(5);
    expect(open.together?.most[0]).toBe(open.key);
    expect(closed.why).toMatch(
      /^1\d\d of 1000 keys \(1\d %\) at once .*, most of them higher; usually \d+\. The most: sensor-/,
    );
    // None of them would have alarmed alone: one in 2,000 rows is 3.5 deviations.
    const moved = events.filter(({ key, timeMs }) => shift(Number(key.slice(7)), (timeMs - startMs) / minute) > 0);
    expect(moved.filter(({ tail }) => tail[0] < 1 / 2000).length).toBeLessThan(0.05 * moved.length);
  });

  test('keys that move both ways at once are told too', () => {
    const shift = (key: number, slot: number) => (slot === 160 && key % 5 === 0 ? (key % 10 === 0 ? 2 : -2) : 0);
    const [open] = told(world({ keys: 1000, slots: 180, shift }));
    expect(open).toMatchObject({ startMs: startMs + 160 * minute, together: { direction: 'other' } });
  });

  test('one wild key is no crowd', () => {
    expect(told(world({ keys: 50, slots: 400, shift: (key, slot) => (key === 7 && slot > 200 ? 30 : 0) }))).toEqual([]);
  });

  test.each([
    ['independent', 0, 30],
    ['with a third of their noise in common', 1 / 3, 30],
    ['few', 0, 10],
  ])('false alarms keep the budget where keys are %s', (_, common, keys) => {
    let alarms = 0;
    const slots = 100;
    const [worlds, length] = [4, 4000];
    for (let seed = 1; seed <= worlds; seed++) {
      const found = told(world({ keys, slots: length, seed, common }), { ...quick, slots, closeSlots: 1 });
      alarms += found.filter(({ status }) => status === 'closed').reduce((sum, anomaly) => sum + anomaly.alarms, 0);
    }
    const budget = (worlds * (length - 100)) / slots;
    expect(alarms / budget).toBeGreaterThan(0.75);
    expect(alarms / budget).toBeLessThan(1.25);
  });

  test('what keys always have in common is usual: the same move is told among independent keys alone', () => {
    const shift = (_: number, slot: number) => (slot === 300 ? 1 : 0);
    expect(told(world({ keys: 60, slots: 320, shift }))).toHaveLength(2);
    expect(told(world({ keys: 60, slots: 320, shift, common: 0.6 }))).toEqual([]);
  });

  test('slots are as wide as the usual gap, whatever the moment at which keys report', () => {
    const when = (key: number, slot: number) => ((key * 37 + slot * 11) % 90) / 100;
    const shift = (key: number, slot: number) => (slot === 190 && key % 4 === 0 ? 2 : 0);
    const [open] = told(world({ keys: 200, slots: 220, shift, when }));
    expect(open.together?.of).toBeGreaterThan(150);
    expect(Math.abs(open.startMs - startMs - 190 * minute)).toBeLessThanOrEqual(minute);
  });

  test('a row far in the future does not stop the clock for ever, and a night without rows is no alarm', () => {
    const shift = (key: number, slot: number) => (slot === 360 && key % 4 === 0 ? 2 : 0);
    const says = (_: number, slot: number) => slot < 200 || slot >= 230;
    const events = world({ keys: 200, slots: 380, shift, says });
    const wrong = events.map((row, i) => (i === 300 * 170 ? { ...row, timeMs: row.timeMs + 1e12 } : row));
    for (const list of [events, wrong]) {
      expect(told(list).map(({ startMs: at }) => (at - startMs) / minute)).toEqual([360, 360]);
    }
  });

  test('rows of the slot before are not late, older ones are left out, and rows pass as they are', () => {
    const shift = (key: number, slot: number) => (slot === 160 && key % 4 === 0 ? 2 : 0);
    // Half of the keys are heard one slot late.
    const when = (key: number) => (key % 2 === 0 ? 0 : 0.01);
    const events = world({ keys: 200, slots: 200, shift, when });
    const order = [...events].sort((a, b) => at(a) - at(b)).map((row, offset) => ({ ...row, offset }));
    const ran = run([together({ ...quick, slotMs: minute })], order, { cuts: [77] });
    expect(ran.rows).toEqual(order);
    expect(ran.anomalies[0]?.together?.of).toBe(200);
  });

  test('a young key does not count, nor does a value that nothing was expected of', () => {
    const shift = (key: number, slot: number) => (slot === 160 && key % 4 === 0 ? 2 : 0);
    const events = world({ keys: 200, slots: 200, shift }).map((row) =>
      row.key === 'sensor-3' ? { ...row, tail: [Number.NaN] } : row,
    );
    expect(told(events)[0]?.together?.of).toBe(199);
    expect(told(events, { warmupRows: 100 })).toEqual([]);
  });

  test('cuts and restarts change nothing, also where the foremost key is forgotten', () => {
    const shift = (key: number, slot: number) => (slot >= 130 && slot < 150 && key % 3 === 0 ? 2 : 0);
    const events = world({ keys: 30, slots: 140, shift });
    const options = { ...quick, warmupSlots: 50, leastKeys: 5 };
    const calm = run([together(options)], events, { cuts: [events.length] });
    expect(calm.anomalies.map(({ status }) => status)).toEqual(['open', 'open']);
    expect(bits(run([together(options)], events, { cuts: [97], restart: true }).anomalies)).toBe(bits(calm.anomalies));
    // Another 30 keys take the places of these.
    const others = world({ keys: 30, slots: 3, seed: 2 }).map((row, i) => ({
      ...row,
      key: `new-${row.key}`,
      timeMs: row.timeMs + 140 * minute,
      offset: events.length + i,
    }));
    const evicting = { ...options, keys: { limit: 30, whenFull: 'evict' as const } };
    const crowded = run([together(evicting)], [...events, ...others], { cuts: [events.length + others.length] });
    const anew = run([together(evicting)], [...events, ...others], { cuts: [130], restart: true });
    expect(bits(anew.anomalies)).toBe(bits(crowded.anomalies));
    expect(crowded.anomalies.map(({ status }) => status)).toEqual(['open', 'closed']);
  });

  test('alerts fire for the foremost key and end with the crowd, whatever its own rows are like', () => {
    const shift = (key: number, slot: number) => (slot >= 160 && slot < 166 && key % 4 === 0 ? -2 : 0);
    const events = world({ keys: 200, slots: 200, shift }).map((row) => ({ ...row, score: 1, alarm: false }));
    const rules = [
      { name: 'below', direction: 'below' as const, minDurationMs: 3 * minute },
      { name: 'above', direction: 'above' as const },
    ];
    const { alerts, anomalies } = run([together(quick), alert({ rules })], events, { cuts: [50] });
    expect(alerts.map(({ status, rule, key }) => [status, rule, key])).toEqual([
      ['firing', 'below', anomalies[0].key],
      ['resolved', 'below', anomalies[0].key],
    ]);
    expect(alerts[0]).toMatchObject({ direction: 'below', value: null });
  });

  test('a pipeline in JSON tells of a mild step of a fifth of 400 sensors, of which none alarms by itself', () => {
    const draw = normal(chance(3));
    const [keys, slots, moved] = [400, 280, 250];
    const level = Array.from({ length: keys }, () => 100 * draw());
    const events = Array.from({ length: keys * slots }, (_, offset): Event => {
      const [key, slot] = [offset % keys, Math.floor(offset / keys)];
      level[key] += draw() + (slot === moved && key % 5 === 2 ? 1.6 : 0);
      return { key: `sensor-${key}`, timeMs: startMs + slot * minute, values: [level[key]], offset };
    });
    const { stages } = pipelineOf(
      parseSpec({
        name: 'sensors',
        stages: [
          { normalize: {} },
          { remember: { memory: 'last-value', horizons: [1] } },
          { interval: {} },
          { detect: {} },
          { episode: {} },
          { together: { warmupSlots: 50 } },
        ],
      }),
    );
    const { rows, anomalies } = run<Event & { alarm: boolean }>(stages, events, { cuts: [256] });
    const crowds = anomalies.filter(({ kind }) => kind === 'together');
    expect(crowds.map(({ status, startMs: at }) => [status, (at - startMs) / minute])).toEqual([
      ['open', moved],
      ['closed', moved],
    ]);
    expect(crowds[0].together).toMatchObject({ of: keys, direction: 'above' });
    expect(rows.filter(({ alarm, timeMs }) => alarm && timeMs === startMs + moved * minute).length).toBeLessThan(3);
  });

  test('a wrong option names itself', () => {
    expect(() => together({ slots: 2 })).toThrow(/together\.slots: expected a number of at least 10, got 2/);
    expect(() => together({ slotsMs: 2 } as never)).toThrow(/together\.slotsMs: expected one of the options slotMs/);
  });
});

const at = ({ key, timeMs }: Event): number => timeMs + (Number(key.slice(7)) % 2 === 0 ? 0 : minute);
