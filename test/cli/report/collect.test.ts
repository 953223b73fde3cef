import { describe, expect, test } from 'vitest';
import { Collector, reportLimits } from '../../../cli/report/collect.js';
import { anomalyOf, resultOf, worst } from '../results.js';

/** Absolute times of columns. */
const times = (stepsMs: readonly number[]): number[] => {
  let ms = 0;
  return stepsMs.map((step) => {
    ms += step;
    return ms;
  });
};

describe('collect', () => {
  test('a forecast is drawn at the row it was made for', () => {
    const collector = new Collector(['value'], worst([]));
    for (let i = 0; i < 50; i++) collector.add(resultOf(i, { values: [1000 + i] }));
    const [{ past, future }] = collector.series();
    // Made at row 9 of value 1009: one more, 10 to each side for 80 %, 20 for 98 %.
    expect([past.actual[10], past.expected[10], past.low80[10], past.high98[10]]).toEqual([1010, 1010, 1000, 1030]);
    expect(past.expected[0]).toBeNull();
    expect(times(past.stepsMs)).toEqual(Array.from({ length: 50 }, (_, i) => i * 60_000));
    // What the last row says of 1 and 3 rows ahead.
    expect(future.expected).toEqual([1050, 1052]);
    expect(49 * 60_000 + future.stepsMs[0]).toBe(50 * 60_000);
    expect(future.stepsMs[1]).toBe(2 * 60_000);
  });
  test('on a grid whose filled points are left out, a row is drawn beside the forecast for its point', () => {
    const collector = new Collector(['value'], worst([]), 60_000);
    // Points 0, 1, 4 and 6: one, three and two points after the row before; there is no forecast for two.
    for (const i of [0, 1, 4, 6]) collector.add(resultOf(i, { values: [1000 + i] }));
    const [{ past, future }] = collector.series();
    expect(past.expected).toEqual([null, 1001, 1004, null]);
    expect(future.stepsMs).toEqual([60_000, 120_000]);
  });
  test('a key that still learns says how many rows are left, one that is judged says nothing', () => {
    const collector = new Collector(['value'], worst([]));
    for (let i = 0; i < 3; i++) {
      collector.add(resultOf(i, { key: 'new', warmup: 99 - i }));
      collector.add(resultOf(i, { key: 'old', warmup: 0 }));
    }
    expect(collector.series().map(({ key, warmup }) => [key, warmup])).toEqual([
      ['new', 97],
      ['old', undefined],
    ]);
  });
  test('the last word about an anomaly counts, and the worst come first when there are too many', () => {
    const many = Array.from({ length: reportLimits.anomalies + 5 }, (_, i) =>
      anomalyOf(i * 10, { severity: i === 7 ? 'critical' : 'info' }),
    );
    const collector = new Collector(
      ['value'],
      worst([anomalyOf(70, { status: 'open', severity: 'warning' }), ...many]),
    );
    collector.add(resultOf(0));
    const { shown, inAll, bySeverity } = collector.anomalies();
    expect(inAll).toBe(reportLimits.anomalies + 5);
    expect(shown).toHaveLength(reportLimits.anomalies);
    expect(shown.find(({ id }) => id === 'log@70')).toMatchObject({ severity: 'critical', open: false, series: 0 });
    expect(bySeverity).toEqual({ info: inAll - 1, warning: 0, major: 0, critical: 1 });
  });
  test('of many keys those with the worst anomalies are drawn, wherever they stand in the log', () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    const anomalies = [
      anomalyOf(3, { key: 'key 39', severity: 'critical' }),
      anomalyOf(2, { key: 'key 30', severity: 'major' }),
    ];
    const collector = new Collector(['value'], worst(anomalies));
    for (let i = 0; i < 400; i++) collector.add(resultOf(i, { key: keys[i % 40] }));
    const drawn = collector.series().map(({ key }) => key);
    expect(drawn).toHaveLength(reportLimits.keys);
    expect(drawn.slice(0, 2)).toEqual(['key 39', 'key 30']);
    expect(collector.keys).toBe(40);
    expect(collector.keysDrawn).toBe(reportLimits.keys);
  });
  test('a long log stays small, with all rows around the anomaly', () => {
    const collector = new Collector(['value'], worst([anomalyOf(60_000)]));
    for (let i = 0; i < 120_000; i++) collector.add(resultOf(i));
    const [{ past, rows }] = collector.series();
    expect(rows).toBe(120_000);
    expect(past.actual.length).toBeLessThanOrEqual(reportLimits.rows);
    const around = times(past.stepsMs).filter((ms) => Math.abs(ms / 60_000 - 60_000) <= reportLimits.rowsAround);
    expect(around).toHaveLength(2 * reportLimits.rowsAround + 1);
    expect(JSON.stringify(collector.series()).length).toBeLessThan(5_000_000);
  });
  test('missing values and unknown bands are null', () => {
    const collector = new Collector(['a', 'b'], worst([]));
    collector.add(resultOf(0, { values: [Number.NaN, 5] }));
    const [a, b] = collector.series();
    expect([a.past.actual, b.past.actual]).toEqual([[null], [5]]);
    expect(b.future.expected).toEqual([]);
  });
  test('nothing at all is nothing', () => expect(new Collector(['value'], worst([])).series()).toEqual([]));
});
