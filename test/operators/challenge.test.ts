import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Branch, type Challenged, type ChallengeOptions, challenge } from '../../operators/challenge.js';
import { comparisonOf } from '../../operators/comparison.js';
import type { Contestant } from '../../operators/contest.js';
import { type Detected, detect } from '../../operators/detect.js';
import { htmDetect } from '../../operators/htm-detect.js';
import { type Forecasted, interval } from '../../operators/interval.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { reorder } from '../../operators/reorder.js';
import type { Swap } from '../../operators/swaps.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { StateMismatch } from '../../state/arrow.js';
import { chance, normal, run, shard, startMs } from './harness.js';
import { laws } from './laws.js';

const branch = (memory: 'last-value' | 'rls' | 'seasonal-naive', horizons: number[] = [1, 3]) =>
  pipeline(memory)
    .through(remember({ memory, horizons }))
    .through(interval())
    .through(detect({ warmupRows: 20 }));
const [naive, linear] = [branch('last-value'), branch('rls')];
type Said = Event & Remembered & Forecasted & Detected;
const contest = (more: Partial<ChallengeOptions<Said>> = {}) =>
  challenge<Event, Said>({ champion: naive, challenger: linear, ...more });

/** A wave that the last value follows badly and least squares well; two keys, taking turns. */
function waves(rows: number, keys = ['a', 'b']): Event[] {
  const random = normal(chance(11));
  return Array.from({ length: rows * keys.length }, (_, offset) => {
    const t = Math.floor(offset / keys.length);
    const value = t % 37 === 5 ? Number.NaN : 10 * Math.sin(t / 1.5) + random();
    return { key: keys[offset % keys.length], timeMs: startMs + t * 60_000, values: [value], offset };
  });
}
const list = waves(250);
type Row = Said & Challenged<Said>;
const said = (swaps: readonly Swap[], events = list): readonly Row[] =>
  run<Row>([contest({ swaps })], events, { cuts: [40] }).rows;
const alone = (of: Branch<Said>, events = list): readonly Said[] => run<Said>(of.stages, events, { cuts: [40] }).rows;

describe('challenge', () => {
  laws(
    () =>
      contest({
        challenger: branch('seasonal-naive'),
        automatic: { alpha: 0.2 },
        swaps: [
          { at: 40, to: 'challenger' },
          { at: 90, to: 'champion' },
        ],
      }),
    list.slice(0, 160),
  );

  test('hands on what the champion says alone, row by row, and what the challenger says alone beside it', () => {
    const rows = said([]);
    expect(rows.map(({ by, shadow, ...row }) => row)).toEqual(alone(naive));
    expect(rows.map(({ shadow }) => shadow)).toEqual(alone(linear));
  });

  test('both take in marks, the champion tells what it found, and the row in charge that it was taken in', () => {
    const marks = [{ key: list[0].key, verdict: 'real', startMs: 0, endMs: 1, offset: 100 } as const];
    const { rows, heard } = run<Row & { marks?: unknown }>([contest()], list, { cuts: [40], marks });
    expect(heard).toEqual([{ mark: marks[0], stage: 'detect', known: true, alarms: 0, bars: [] }]);
    const telling = rows.filter(({ marks }) => marks);
    expect(telling.map(({ offset, key, marks }) => [offset >= 100, key, marks])).toEqual([
      [true, list[0].key, [{ verdict: 'real', startMs: 0, endMs: 1, alarms: 0 }]],
    ]);
  });

  test('swaps at the named offset and rolls back to a champion that has learned all the while', () => {
    const rows = said([
      { at: 100, to: 'challenger' },
      { at: 230, to: 'champion' },
    ]);
    const [first, second] = [alone(naive), alone(linear)];
    expect(rows.map(({ by, shadow, ...row }) => row)).toEqual(
      list.map(({ offset }) => (offset >= 100 && offset < 230 ? second : first)[offset]),
    );
    expect(new Set(rows.slice(100, 230).map(({ by }) => by))).toEqual(new Set(['challenger']));
    expect(rows[99].by).toBe('champion');
    expect(rows[230].by).toBe('champion');
  });

  test('a swap that names another shard is not its own', () => {
    expect(said([{ at: 100, to: 'challenger', shard: 'log-1' }]).every(({ by }) => by === 'champion')).toBe(true);
    expect(said([{ at: 100, to: 'challenger', shard: shard.name }])[100].by).toBe('challenger');
  });

  test('scores both on the same values: ranked score, coverage, alarms', () => {
    const { saved, rows: all } = run<Row>([contest()], list, { cuts: [40] });
    const { horizons, rows, keys, evidence, inCharge, alarms } = comparisonOf(saved[0]);
    expect(horizons.map(({ horizon }) => horizon)).toEqual([1, 3]);
    for (const { crps, coverage, values } of horizons) {
      expect(crps[1]).toBeLessThan(0.8 * crps[0]);
      expect(values).toBeGreaterThan(450);
      expect(coverage[0]['98']).toBeGreaterThan(0.9);
      expect(coverage[1]['50']).toBeGreaterThan(0.35);
      expect(coverage[1]['50']).toBeLessThan(0.65);
    }
    expect([rows, inCharge, keys]).toEqual([500, [500, 0], [2, 0]]);
    const alarmed = (of: (row: Row) => boolean | undefined) => all.filter((row) => of(row)).length;
    expect(alarms).toEqual([alarmed(({ alarm }) => alarm), alarmed(({ shadow }) => shadow?.alarm)]);
    expect(evidence).toBeGreaterThan(100);
  });

  test('evidence swaps each key by itself, once, and never where the shadow is no better', () => {
    const rows = run<Row>([contest({ automatic: { alpha: 0.001 } })], list, { cuts: [40] });
    const swapped = (key: string) =>
      rows.rows.filter((row) => row.key === key).findIndex(({ by }) => by === 'challenger');
    expect(swapped('a')).toBeGreaterThan(20);
    expect(swapped('b')).toBeGreaterThan(20);
    expect(comparisonOf(rows.saved[0])).toMatchObject({ keys: [0, 2], automaticSwaps: 2 });
    const same = run<Row>([contest({ challenger: naive, automatic: { alpha: 0.001 } })], list, { cuts: [40] });
    expect(comparisonOf(same.saved[0])).toMatchObject({ keys: [2, 0], automaticSwaps: 0 });
    // A swap that is named later than the evidence counts, and evidence begins anew.
    const both = contest({
      automatic: { alpha: 0.1 },
      swaps: [
        { at: 300, to: 'challenger' },
        { at: 400, to: 'champion' },
      ],
    });
    const { rows: named } = run<Row>([both], list, { cuts: [40] });
    expect(named[400].by).toBe('champion');
    expect(named.at(-1)?.by).toBe('challenger');
  });

  test('saved before a swap was named it goes on with it; saved behind one it refuses another past', () => {
    const swaps: Swap[] = [{ at: 300, to: 'challenger' }];
    const [before, behind] = [200, 350].map((at) => {
      const stage = contest(at > 300 ? { swaps } : {});
      return run<Row>([stage], list.slice(0, at), { cuts: [40], ends: false }).saved[0];
    });
    expect(() => contest({ swaps }).open(shard, before).close()).not.toThrow();
    expect(() => contest({ swaps }).open(shard, behind).close()).not.toThrow();
    expect(() =>
      contest({ swaps: [...swaps, { at: 360, to: 'champion' }] })
        .open(shard, behind)
        .close(),
    ).not.toThrow();
    for (const other of [[], [{ at: 299, to: 'challenger' }], [...swaps, { at: 349, to: 'champion' }]] as Swap[][]) {
      expect(() => contest({ swaps: other }).open(shard, behind)).toThrow(StateMismatch);
    }
    expect(() => contest().open(shard, behind)).toThrow(
      'expected: none\nfound in the checkpoint: challenger at 300\nName the swaps that were made, and new ones from offset 350 on',
    );
  });

  test('refuses what it could not keep its promises with', () => {
    const refusal = (more: object): string => {
      try {
        contest(more as never)
          .open(shard)
          .close();
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing was refused';
    };
    expect(refusal({ challenger: branch('rls', [1, 4]) })).toBe(
      'challenge.challenger: expected the horizons [1,3] of the champion, got [1,4]',
    );
    expect(refusal({ horizons: [2] })).toContain('challenge.horizons: expected some of the forecast 1, 3, got 2');
    expect(refusal({ automatic: { alpha: 0 } })).toContain('challenge.automatic.alpha: expected a number');
    expect(refusal({ swap: [] })).toContain('challenge.swap: expected one of the options champion, challenger, swaps');
    expect(refusal({ swaps: [{ at: 5, to: 'other' }] })).toContain('expected one of champion, challenger, got "other"');
    const bare = pipeline('bare').through(remember({ memory: 'rls', horizons: [1] }));
    expect(refusal({ champion: bare, challenger: bare })).toContain('expected quantiles from both, found none');
  });

  test('the detector of its alarms is named where both sides have the same one that is not detect', () => {
    const strange = pipeline('strange')
      .through(remember({ memory: 'last-value', horizons: [1, 3] }))
      .through(interval())
      .through(htmDetect()) as unknown as Branch<Said>;
    const named = (champion: Branch<Said>, challenger: Branch<Said>) =>
      contest({ champion, challenger }).tells?.judge?.name;
    expect(named(strange, strange)).toBe('htm-detect');
    expect([named(strange, naive), named(naive, strange), named(naive, linear)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('stops at a step that holds rows back, and says where it belongs', () => {
    const holding = pipeline('holding')
      .through(reorder({ latenessMs: 600_000 }))
      .through(remember({ memory: 'rls', horizons: [1, 3] }))
      .through(interval())
      .through(detect());
    expect(() => run([contest({ challenger: holding as never })], list)).toThrow(
      'challenge.challenger: expected steps that answer every row at once with one row, got none for the row at offset 0',
    );
  });

  test('a row that the one in charge refuses is rejected, the shadow refusing it is only counted', () => {
    const few = (memory: 'last-value' | 'rls') =>
      pipeline(memory)
        .through(remember({ memory, horizons: [1, 3], keys: { limit: 1, whenFull: 'reject' } }))
        .through(interval())
        .through(detect());
    const shadow = run<Row>([contest({ challenger: few('rls') })], list, { cuts: [7] });
    expect([shadow.rows.length, shadow.rejects.length]).toEqual([500, 0]);
    expect(comparisonOf(shadow.saved[0])).toMatchObject({ refused: [0, 250], rows: 250 });
    const { rows, rejects } = run<Row>([contest({ champion: few('last-value') })], list, { cuts: [7] });
    expect([rows.length, rejects.length]).toEqual([250, 250]);
    expect(rejects[0]).toMatchObject({ offset: 1, stage: 'challenge', reason: 'too-many-keys' });
    expect(rejects[0].message).toMatch(/^champion: expected at most 1 keys/);
  });

  test('its rows are those of its sides, and the compiler knows', () => {
    expectTypeOf(contest()).toExtend<{ id: string }>();
    // @ts-expect-error: a side without alarms is none
    const branchWithout: Branch<Contestant> = pipeline('x').through(remember({ memory: 'rls', horizons: [1] }));
    expect(branchWithout.name).toBe('x');
  });
});
