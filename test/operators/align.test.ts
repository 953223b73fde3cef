import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Aligned, type AlignOptions, align, dropFilled } from '../../operators/align.js';
import { chance, events, run, startMs } from './harness.js';
import { laws } from './laws.js';

const stepMs = 60_000;
/** Events at these steps of a minute. */
const at = (steps: readonly number[]): Event[] =>
  steps.map((step, i) => ({ key: 'k', timeMs: startMs + Math.round(step * stepMs), values: [i + 1], offset: i }));
const rows = (input: readonly Event[], options: AlignOptions = {}) =>
  run<Aligned>([align({ stepMs, ...options })], input).rows;
/** Rows as text: the step, the value, and `+` for filled, `!` for after a gap. */
const shown = (all: readonly Aligned[]) =>
  all.map(
    ({ timeMs, values, filled, gap }) =>
      `${(timeMs - startMs) / stepMs}:${values[0]}${filled ? '+' : ''}${gap ? '!' : ''}`,
  );
const upTo = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

describe('align', () => {
  const random = chance(9);
  const rough = events(upTo(360), 'k', stepMs)
    .map((e, i) => ({
      ...e,
      timeMs: e.timeMs + Math.floor(random() * 20_000),
      values: [i % 11 === 0 ? Number.NaN : i],
    }))
    .filter((_, i) => i % 7 !== 3 && (i < 200 || i > 230));
  for (const collide of ['keep', 'first', 'last', 'mean'] as const)
    laws(() => align({ collide, fill: 'previous' }), rough);
  laws(() => align({ stepMs: 150_000, collide: 'mean', maxGapRows: 4 }), rough);

  test('points without an event are filled, marked, and carry the offset of the event that showed them', () => {
    const filled = rows(at([0, 1, 4, 5]));
    expect(shown(filled)).toEqual(['0:1', '1:2', '2:NaN+', '3:NaN+', '4:3', '5:4']);
    expect(filled.map(({ offset }) => offset)).toEqual([0, 1, 2, 2, 2, 3]);
    expect(shown(rows(at([0, 3]), { fill: 'previous' }))).toEqual(['0:1', '1:1+', '2:1+', '3:2']);
    expect(shown(rows(at([0, 3]), { fill: 0 }))).toEqual(['0:1', '1:0+', '2:0+', '3:2']);
    expect(shown(rows(at([0, 3]), { fill: 'none' }))).toEqual(['0:1', '3:2']);
  });

  test('previous takes the last known value of each channel, not the last row', () => {
    const input = at([0, 1, 3]).map((e, i) => (i === 1 ? { ...e, values: [Number.NaN] } : e));
    expect(shown(rows(input, { fill: 'previous' }))).toEqual(['0:1', '1:NaN', '2:1+', '3:3']);
  });

  test('a pause longer than maxGapRows is a gap: not filled, but marked', () => {
    expect(shown(rows(at([0, 4]), { maxGapRows: 3 }))).toEqual(['0:1', '1:NaN+', '2:NaN+', '3:NaN+', '4:2']);
    expect(shown(rows(at([0, 5, 6]), { maxGapRows: 3 }))).toEqual(['0:1', '5:2!', '6:3']);
    expect(shown(rows(at([0, 1e7, 1e7 + 1.2]), {}))).toEqual(['0:1', '10000000:2!', '10000001.2:3']);
  });

  test('jitter below half a step and a clock that drifts need no filling', () => {
    const random = chance(4);
    for (const drift of [1, 1.003, 0.997]) {
      const input = at(upTo(2000).map((i) => i * drift + (random() - 0.5) * 0.6));
      expect(rows(input).map(({ timeMs }) => timeMs)).toEqual(input.map(({ timeMs }) => timeMs));
    }
  });

  test('the step is found from the first 32 gaps, whatever holes they have, and then fills', () => {
    const steps = upTo(120).filter((i) => i % 9 !== 4);
    const found = rows(at(steps), { stepMs: 'auto' });
    const missing = upTo(120).filter((i) => i % 9 === 4 && i > steps[32]!);
    expect(found.filter(({ filled }) => filled).map(({ timeMs }) => (timeMs - startMs) / stepMs)).toEqual(missing);
  });

  test('an irregular stream has no grid and passes as it is', () => {
    const random = chance(2);
    let time = 0;
    const input = at(upTo(300).map(() => (time += 0.05 + random() ** 6 * 40)));
    expect(rows(input, { stepMs: 'auto', collide: 'mean' })).toEqual(input);
  });

  test('several events at one point: passed on, refused, or made one', () => {
    const input = at([0, 1, 1.1, 1.2, 2]);
    expect(shown(rows(input))).toEqual(['0:1', '1:2', '1.1:3', '1.2:4', '2:5']);
    expect(shown(rows(input, { collide: 'last' }))).toEqual(['0:1', '1.2:4', '2:5']);
    expect(shown(rows(input, { collide: 'mean' }))).toEqual(['0:1', '1.2:3', '2:5']);
    const first = run<Aligned>([align({ stepMs, collide: 'first' })], input);
    expect(shown(first.rows)).toEqual(['0:1', '1:2', '2:5']);
    expect(first.rejects.map(({ offset, reason }) => `${offset} ${reason}`)).toEqual(['2 same-step', '3 same-step']);
  });

  test('a missing channel takes nothing from the mean, and one that is never there stays missing', () => {
    const shard = { name: 's', channels: ['a', 'b', 'c'] };
    const values = [
      [1, Number.NaN, Number.NaN],
      [3, 5, Number.NaN],
      [Number.NaN, 7, Number.NaN],
    ];
    const input = at([0, 0.1, 0.2]).map((e, i) => ({ ...e, values: values[i] as number[] }));
    const { rows } = run<Aligned>([align({ stepMs, collide: 'mean' })], input, { shard });
    expect(rows.map(({ values }) => values)).toEqual([[2, 6, Number.NaN]]);
  });

  test('an event that goes back passes and leaves the grid where it is', () => {
    expect(shown(rows(at([0, 1, 2, 0, 1, 3])))).toEqual(['0:1', '1:2', '2:3', '0:4', '1:5', '3:6']);
  });

  test('dropFilled takes out what was put in', () => {
    const input = at([0, 1, 4, 5]);
    expect(run<Event>([align({ stepMs }), dropFilled()], input, { restart: true }).rows).toEqual(input);
  });

  test('a wrong option names itself', () => {
    expect(() => align({ stepMs: 0 })).toThrow(/align\.stepMs.*at least 1, got 0/);
    expect(() => align({ fill: 'linear' as never })).toThrow(
      /align\.fill: expected one of none, missing, previous.*"linear"/,
    );
    expect(() => align({ maxGapRows: 1.5 })).toThrow(/align\.maxGapRows: expected a whole number/);
    expect(() => align({ collide: 'sum' as never })).toThrow(/align\.collide: expected one of keep, first, last, mean/);
  });
});
