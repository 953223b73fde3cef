import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { align } from '../../operators/align.js';
import { reorder } from '../../operators/reorder.js';
import { silence } from '../../operators/silence.js';
import { bits, chance, run } from './harness.js';

const startMs = Date.UTC(2024, 0, 1);
const minute = 60_000;

/** Rows of several keys by time; `gap` gives the minutes to the next row of a key. */
function rows(keys: Record<string, (i: number) => number>, minutes: number): Event[] {
  const all = Object.entries(keys).flatMap(([key, gap]) => {
    const own: { key: string; timeMs: number }[] = [];
    for (let at = 0, i = 0; at < minutes; at += gap(i++)) own.push({ key, timeMs: startMs + at * minute });
    return own;
  });
  return all.sort((a, b) => a.timeMs - b.timeMs).map((row, offset) => ({ ...row, values: [1], offset }));
}
const told = (events: readonly Event[], options = {}) => run([silence(options)], events, { cuts: [100] }).anomalies;

describe('silence', () => {
  test('a key that stops is told by the time of others, once, and again when it comes back', () => {
    const events = rows({ a: () => 1, b: (i) => (i === 300 ? 200 : 1) }, 1000);
    const [open, closed, ...more] = told(events);
    expect(more).toEqual([]);
    expect(open).toMatchObject({ key: 'b', status: 'open', kind: 'silence', expected: 60 });
    expect(open?.why).toMatch(/^no row for .* min where one came every 1 min$/);
    expect(((open?.endMs as number) - startMs) / minute).toBeLessThan(310);
    expect(closed).toMatchObject({ id: open?.id, status: 'closed', actual: 200 * 60, severity: 'major' });
  });

  test('rows that align filled in are nothing that a key said', () => {
    const events = rows({ a: () => 1, b: (i) => (i === 300 ? 200 : 1) }, 1000);
    const same = (list: readonly Event[], stages: Parameters<typeof run>[0]) =>
      run(stages, list, { cuts: [100] }).anomalies.map(({ key, status, startMs, endMs }) => [
        key,
        status,
        startMs,
        endMs,
      ]);
    const aligned = same(events, [align({ stepMs: minute, maxGapRows: 1000 }), silence()]);
    expect(aligned).toEqual(same(events, [silence()]));
    expect(aligned.length).toBe(2);
  });

  test('rows that reorder held back are no return: a key is back when it says something new', () => {
    const events = rows({ a: () => 1, b: (i) => (i === 300 ? 200 : 1), c: (i) => (i === 500 ? 5000 : 1) }, 1000);
    const held = run([reorder({ latenessMs: 3 * minute }), silence()], events, { cuts: [100], ends: true }).anomalies;
    const plain = told(events, {});
    const of = (list: typeof held) => list.map(({ key, status }) => [key, status]);
    expect(of(held)).toEqual([
      ['b', 'open'],
      ['b', 'closed'],
      ['c', 'open'],
      ['c', 'open'],
    ]);
    const [, back] = held;
    const waited = plain.find(({ status }) => status === 'closed')?.actual as number;
    // The last rows before it fell silent came too late to count.
    expect((back?.actual as number) - waited).toBeLessThanOrEqual(4 * 60);
    expect(back?.actual as number).toBeGreaterThanOrEqual(waited);
    expect(back?.endMs as number).toBeGreaterThan(back?.startMs as number);
  });

  test('keys with pauses by chance, by night or in bursts keep their budget', () => {
    for (const gap of [
      (random: () => number) => -2 * Math.log(1 - random()),
      (random: () => number, i: number) => (i % 200 === 199 ? 500 : 1 + random()),
      (random: () => number, i: number) => (i % 10 === 9 ? 60 : 0.1 + 0.1 * random()),
    ]) {
      let silences = 0;
      let gaps = 0;
      for (let seed = 1; seed <= 4; seed++) {
        const random = chance(seed);
        const events = rows({ clock: () => 5, b: (i) => gap(random, i) }, 20_000);
        silences += told(events, { gaps: 1000 }).filter(({ key, status }) => key === 'b' && status === 'open').length;
        gaps += events.filter(({ key }) => key === 'b').length;
      }
      expect(silences).toBeLessThan((1.5 * gaps) / 1000 + 8);
    }
  });

  describe('clocks that differ, and logs that are not in order of time, are no silence', () => {
    const keys = Array.from({ length: 20 }, (_, k) => `k${k}`);
    const sorted = (aheadMs: (key: string, i: number) => number): Event[] => {
      const random = chance(5);
      const all = keys.flatMap((key) => {
        const phase = random();
        return Array.from({ length: 400 }, (_, i) => {
          const timeMs = startMs + (i + phase + 0.05 * random()) * minute;
          return { key, timeMs: timeMs + aheadMs(key, i), at: timeMs };
        });
      });
      return all.sort((a, b) => a.at - b.at).map(({ key, timeMs }, offset) => ({ key, timeMs, values: [1], offset }));
    };
    const inOrder = sorted(() => 0);
    const byKey = keys.flatMap((key) => inOrder.filter((row) => row.key === key));
    test.each([
      ['keys one after the other', byKey.map((row, offset) => ({ ...row, offset }))],
      ['one clock an hour behind', sorted((key) => (key === 'k7' ? -60 * minute : 0))],
      ['one clock an hour ahead', sorted((key) => (key === 'k7' ? 60 * minute : 0))],
      ['half of all clocks an hour behind', sorted((key) => (Number(key.slice(1)) % 2 ? -60 * minute : 0))],
      ['one row of the day after', sorted((key, i) => (key === 'k7' && i === 200 ? 1440 * minute : 0))],
      ['a day in which nobody spoke', sorted((_, i) => (i < 200 ? 0 : 1440 * minute))],
      ['a clock that is set back by a day', sorted((key, i) => (key === 'k7' && i > 200 ? -1440 * minute : 0))],
    ])('%s', (_, events) => {
      expect(told(events)).toEqual([]);
    });

    test.each([0, -60, 60])(
      'a key whose clock is %i minutes ahead is told when it stops, within its own time',
      (ahead) => {
        const events = sorted((key) => (key === 'k7' ? ahead * minute : 0));
        const stopped = events.filter(({ key, offset }) => key !== 'k7' || offset < 4000);
        const last = stopped.findLast(({ key }) => key === 'k7') as Event;
        const [silent, ...more] = told(stopped);
        expect(more).toMatchObject([{ id: silent.id, key: 'k7', status: 'open' }]);
        const rowsLate = silent.startOffset - last.offset;
        // Where its clock is ahead, no row is of a later time before the others have come so far.
        expect(rowsLate / keys.length).toBeLessThan(12 + Math.max(0, ahead));
        expect(silent.endMs - last.timeMs).toBeLessThan((12 + Math.max(0, ahead)) * minute);
      },
    );
  });

  test('cuts and restarts change nothing, and what is open at the end is told as it stands', () => {
    const events = rows({ a: () => 1, b: (i) => (i < 100 ? 1 : 9999), c: (i) => 1 + (i % 3) }, 400);
    const calm = run([silence()], events, { cuts: [events.length] });
    expect(bits(run([silence()], events, { cuts: [7], restart: true }).anomalies)).toBe(bits(calm.anomalies));
    expect(calm.anomalies.filter(({ key }) => key === 'b').map(({ status }) => status)).toEqual(['open', 'open']);
    expect(calm.rows).toEqual(events);
  });

  test('a wrong option names itself', () => {
    expect(() => silence({ gaps: 2 })).toThrow(/silence\.gaps: expected a number of at least 10, got 2/);
    expect(() => silence({ warmup: 2 } as never)).toThrow(/silence\.warmup: expected one of the options gaps/);
  });
});
