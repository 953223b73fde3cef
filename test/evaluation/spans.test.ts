import { expect, test } from 'vitest';
import { injectedSeries } from '../../evaluation/data/injected.js';
import { runSpans, spanRow } from '../../evaluation/spans.js';
import type { Anomaly } from '../../event.js';

const anomaly = (startOffset: number, endOffset: number, peakOffset = startOffset): Anomaly =>
  ({ startOffset, endOffset, peakOffset }) as Anomaly;

test('what anomalies say of a window: rows in both of those in either, and how far begin and end are off', () => {
  expect(spanRow([anomaly(5, 5), anomaly(12, 21), anomaly(24, 29, 26)], 10, 19, 39)).toEqual({
    ...{ found: true, point: false, begins: 2, ends: 10, peaks: true },
    overlap: 8 / 18,
  });
  expect(spanRow([anomaly(12, 12)], 10, 19, 39)).toMatchObject({ point: true, overlap: 0.1, ends: -7 });
  expect(spanRow([anomaly(50, 60)], 10, 19, 39).found).toBe(false);
});

test('missing values that last are told as long as they last, and a spike as the row it is', () => {
  const missing = runSpans(injectedSeries('missing', 2, 0), 'all');
  expect(missing.overlap).toBeGreaterThan(0.8);
  expect(Math.abs(missing.begins)).toBeLessThan(5);
  const spike = runSpans(injectedSeries('spike', 2, 0), 'all');
  expect(spike).toMatchObject({ found: true, begins: 0, peaks: true });
  expect(spike.ends).toBeLessThan(3);
});
