import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Event } from '../../event.js';
import type { Shard, Stage } from '../../operators/stage.js';
import { bits, run, stateBits } from './harness.js';

/** The invisibilities that every operator keeps: cutting, crashing, the future, the neighbours. */
export function laws(
  // biome-ignore lint/suspicious/noExplicitAny: any stage keeps the laws
  make: () => Stage<any, any>,
  events: readonly Event[],
  shard?: Shard,
): void {
  const at = shard ? { shard } : {};
  const out = ({ rows, rejects, anomalies, saved }: ReturnType<typeof run>) =>
    bits({ rows, rejects, anomalies, state: stateBits(saved) });
  const calm = run([make()], events, { ...at, cuts: [events.length] });

  test('saving and opening after every event changes nothing', () => {
    expect(out(run([make()], events, { ...at, restart: true }))).toBe(out(calm));
  });

  test('cutting the stream into other batches changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (cuts, restart) => {
          expect(out(run([make()], events, { ...at, cuts, restart }))).toBe(out(calm));
        },
      ),
      { numRuns: 8, seed: 7 },
    );
  });

  test('what comes later changes nothing that was said before', () => {
    for (const upTo of [17, 133, 251].filter((n) => n < events.length)) {
      // What comes later is what came last, backwards, at the times that were.
      const changed = events.map((e, i) =>
        i < upTo ? e : { ...(events[events.length - 1 - (i - upTo)] as Event), timeMs: e.timeMs, offset: e.offset },
      );
      const before = (all: readonly Event[]) => bits(run([make()], all.slice(0, upTo), { ...at, ends: false }).rows);
      const rows = run<Event>([make()], changed, at).rows;
      const known = run<Event>([make()], events.slice(0, upTo), { ...at, ends: false }).rows.length;
      expect(bits(rows.slice(0, known))).toBe(before(events));
    }
  });

  test('other keys change nothing', () => {
    const both = events.flatMap((e) => [
      { ...e, offset: 2 * e.offset },
      { ...e, key: 'other', values: e.values.map((v) => v * -7 + 3), offset: 2 * e.offset + 1 },
    ]);
    const keys = new Set(events.map(({ key }) => key));
    const alone = run<Event>(
      [make()],
      both.filter(({ key }) => keys.has(key)),
      at,
    );
    const among = run<Event>([make()], both, at);
    const own = <T extends { key: string }>(list: readonly T[]) => list.filter(({ key }) => keys.has(key));
    expect(bits(own(among.rows))).toBe(bits(alone.rows));
    expect(bits(own(among.anomalies))).toBe(bits(alone.anomalies));
  });
}
