import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type ReorderOptions, reorder } from '../../operators/reorder.js';
import { chance, events, run, startMs } from './harness.js';
import { laws } from './laws.js';

const minuteMs = 60_000;
const yearMs = 31_557_600_000;
/** Events of one key at these minutes, in order of arrival. */
const at = (minutes: readonly number[], key = 'k'): Event[] =>
  minutes.map((minute, i) => ({ key, timeMs: startMs + minute * minuteMs, values: [i], offset: i }));
const minutes = (rows: readonly Event[]) => rows.map(({ timeMs }) => (timeMs - startMs) / minuteMs);
const of = (input: readonly Event[], options: ReorderOptions = {}, disturbance = {}) => {
  const { rows, rejects } = run<Event>([reorder(options)], input, disturbance);
  return { minutes: minutes(rows), rows, rejects: rejects.map(({ offset, reason }) => `${offset} ${reason}`) };
};

describe('reorder', () => {
  const random = chance(5);
  const shuffled = events(Array.from({ length: 300 }, (_, i) => (i % 13 === 0 ? Number.NaN : i))).map((e, i) => ({
    ...e,
    timeMs: e.timeMs + Math.floor(random() * 6) * minuteMs + (i % 83 === 82 ? 60 * yearMs : 0),
  }));
  laws(() => reorder({ latenessMs: 4 * minuteMs, capacity: 5 }), shuffled);
  laws(() => reorder(), shuffled);
  laws(() => reorder({ latenessMs: 1e9, duplicates: 'reject' }), shuffled);

  test('by default no row waits, and one older than the last is refused', () => {
    const { minutes, rejects } = of(at([0, 1, 3, 2, 4]), {}, { ends: false });
    expect(minutes).toEqual([0, 1, 3, 4]);
    expect(rejects).toEqual(['3 late']);
  });

  test('rows wait for latenessMs of event time and come out in order', () => {
    const input = at([0, 2, 1, 3, 6, 5, 4, 7]);
    const open = of(input, { latenessMs: 2 * minuteMs }, { ends: false });
    expect(open.minutes).toEqual([0, 1, 2, 3, 4, 5]);
    expect(of(input, { latenessMs: 2 * minuteMs }).minutes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(open.rejects).toEqual([]);
  });

  test('whatever the order: what comes out is sorted, and no row is lost or doubled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 80 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom('keep' as const, 'reject' as const),
        (times, lateness, capacity, duplicates) => {
          const { rejects, minutes, rows } = of(at(times), { latenessMs: lateness * minuteMs, capacity, duplicates });
          expect(minutes).toEqual([...minutes].sort((a, b) => a - b));
          expect(
            [...rows.map(({ offset }) => offset), ...rejects.map((r) => Number(r.split(' ')[0]))].sort((a, b) => a - b),
          ).toEqual(times.map((_, i) => i));
          for (const { offset, values } of rows) expect(values).toEqual([offset]);
          if (duplicates === 'reject') expect(new Set(minutes).size).toBe(minutes.length);
        },
      ),
      { numRuns: 300, seed: 3 },
    );
  });

  test('when the room is full the oldest row goes', () => {
    const options = { latenessMs: 1e9, capacity: 3 };
    expect(of(at([5, 4, 3, 2, 6]), options, { ends: false }).minutes).toEqual([2, 3]);
    expect(of(at([5, 4, 3, 6, 2]), options)).toMatchObject({ minutes: [3, 4, 5, 6], rejects: ['4 late'] });
  });

  test('equal times are kept in order of arrival unless told otherwise, equal offsets never', () => {
    const twice = at([0, 1, 1, 2]);
    expect(of(twice).rows.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    expect(of(twice, { latenessMs: 1e9 }).rows.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    for (const latenessMs of [0, 1e9]) {
      expect(of(twice, { latenessMs, duplicates: 'reject' }).rejects).toEqual(['2 duplicate']);
      const again = twice.map((row) => (row.offset === 2 ? { ...row, offset: 1 } : row));
      expect(of(again, { latenessMs }).rejects).toEqual(['1 duplicate']);
    }
  });

  test('a time 50 years off is refused, before or after, and does no harm', () => {
    const input = at([0, 1, 2, 3, 4]);
    const off = [
      ...input.slice(0, 2),
      { ...input[2], timeMs: startMs + 50 * yearMs },
      input[3],
      { ...input[4], timeMs: 0 },
    ] as Event[];
    expect(of(off)).toMatchObject({ minutes: [0, 1, 3], rejects: ['2 far', '4 far'] });
    const { rejects } = run([reorder()], off);
    expect(rejects[0]?.message).toBe(
      'expected a time within 31557600000 ms of 2024-01-01T00:01:00.000Z, got 2073-12-31T12:00:00.000Z: ' +
        'mend it, or raise reorder.leapMs',
    );
  });

  test('a wild first row does not poison its key: after 16 that agree the clock moves', () => {
    const input = at(Array.from({ length: 30 }, (_, i) => i)).map((e, i) =>
      i === 0 ? { ...e, timeMs: startMs + 50 * yearMs } : e,
    );
    for (const latenessMs of [0, 5 * minuteMs]) {
      const { rejects, rows } = of(input, { latenessMs });
      expect(rejects).toEqual(Array.from({ length: 16 }, (_, i) => `${i + 1} far`));
      expect(rows.map(({ offset }) => offset)).toEqual([0, ...Array.from({ length: 13 }, (_, i) => 17 + i)]);
    }
  });

  test('wild rows that do not agree with each other never move the clock', () => {
    const input = at(Array.from({ length: 60 }, (_, i) => i)).map((e, i) =>
      i > 0 && i < 40 ? { ...e, timeMs: i * 3 * yearMs - 100 * yearMs } : e,
    );
    const { rejects, minutes } = of(input);
    expect(rejects).toHaveLength(39);
    expect(minutes).toEqual([0, ...Array.from({ length: 20 }, (_, i) => 40 + i)]);
  });

  test('a time that is none is refused', () => {
    const input = at([0, 1, 2]).map((e, i) => (i === 1 ? { ...e, timeMs: Number.NaN } : e));
    expect(of(input)).toMatchObject({ minutes: [0, 2], rejects: ['1 no-time'] });
  });

  test('a key that makes room for another lets its waiting rows go first', () => {
    const input = [...at([0, 2, 1]), { ...(at([9])[0] as Event), key: 'other', offset: 3 }];
    const { rows } = of(input, { latenessMs: 1e9, keys: { limit: 1, whenFull: 'evict' } });
    expect(rows.map(({ offset }) => offset)).toEqual([0, 2, 1, 3]);
  });

  test('the waiting room is state of a fixed size', () => {
    const [few, many] = [5, 250].map((n) =>
      run([reorder({ latenessMs: 1e10 })], at(Array.from({ length: n }, (_, i) => i)), { ends: false }),
    );
    const size = (ran: typeof few) => ran?.saved[0]?.rows?.schema.fields.map(({ type }) => String(type)).join();
    expect(size(few)).toBe(size(many));
    expect(many?.rows).toEqual([]);
  });

  test('a wrong option names itself', () => {
    expect(() => reorder({ latenessMs: -1 })).toThrow(/reorder\.latenessMs: expected a number of at least 0, got -1/);
    expect(() => reorder({ capacity: 0 })).toThrow(/reorder\.capacity: expected a whole number of at least 1/);
    expect(() => reorder({ duplicates: 'drop' as never })).toThrow(/expected one of keep, reject, got "drop"/);
  });
});
