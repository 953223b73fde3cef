import { describe, expect, test } from 'vitest';
import { type ChartPoint, chart } from '../../../cli/view/chart.js';
import { paint, widthOf } from '../../../cli/view/text.js';

const none = paint(false);
const wave = (n: number): ChartPoint[] =>
  Array.from({ length: n }, (_, i) => {
    const actual = Math.round(50 + 40 * Math.sin(i / 6));
    return { actual, low: actual - 12, high: actual + 12, severity: i === 40 ? 'critical' : undefined };
  });

describe('chart', () => {
  test('a wave, its band and a mark', () =>
    expect(`\n${chart(wave(80), { width: 50, height: 6 }, none).join('\n')}\n`).toMatchSnapshot());
  test('only the newest points are in sight', () => {
    const shown = chart(wave(500), { width: 40, height: 5 }, none);
    expect(chart(wave(500).slice(-60), { width: 40, height: 5 }, none)).toEqual(shown);
  });
  test.each([
    ['nothing', []],
    ['one point', [{ actual: 5, low: Number.NaN, high: Number.NaN }]],
    ['a constant', Array.from({ length: 30 }, () => ({ actual: 7, low: 7, high: 7 }))],
    ['nothing but gaps', Array.from({ length: 30 }, () => ({ actual: Number.NaN, low: Number.NaN, high: Number.NaN }))],
    [
      'values near the largest number',
      [
        { actual: 1e308, low: -1e308, high: 1e308 },
        { actual: -1e308, low: 0, high: 1 },
      ],
    ],
    [
      'an infinite band',
      [
        { actual: 1, low: -Infinity, high: Infinity },
        { actual: 2, low: 1, high: Infinity },
      ],
    ],
  ])('%s fits its frame', (_, points) => {
    for (const width of [12, 20, 80]) {
      const lines = chart(points, { width, height: 4 }, none);
      expect(lines).toHaveLength(4);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(width, 14));
      expect(lines.join('')).not.toMatch(/NaN|undefined/);
    }
  });
  test('a gap in the values is a gap in the line', () => {
    const points = wave(40).map((point, i) =>
      i > 10 && i < 30 ? { actual: Number.NaN, low: Number.NaN, high: Number.NaN } : point,
    );
    const cells = chart(points, { width: 30, height: 4 }, none).map((line) => line.slice(10));
    expect(cells.every((line) => line.slice(7, 14).trim() === '')).toBe(true);
  });
});
