import { expect, test } from 'vitest';
import { cardLines } from '../../../cli/report/card.js';
import type { Anomaly } from '../../../event.js';

test('a card tells what was new, which rows surprised, what was like it, and who says so', () => {
  const timeMs = Date.UTC(2024, 0, 2, 3, 4);
  const anomaly = {
    causes: [
      { feature: 'level', contribution: 0.625, text: 'the mean of 20 rows lies outside all it was' },
      { feature: 'value', contribution: 0.375, text: '' },
    ],
    steps: [{ offset: 3, timeMs, surprise: 12.34 }],
    similar: [{ startMs: timeMs, endMs: timeMs, likeness: 0.8 }],
    model: 'default',
    version: '2',
  } as unknown as Anomaly;
  expect(cardLines(anomaly)).toEqual([
    'What was new: level 63 %, value 38 %; the mean of 20 rows lies outside all it was',
    'Most surprising rows up to its end: 2024-01-02 03:04 (12.3 nats)',
    'Earlier ones like it: 2024-01-02 03:04 (80 % alike)',
    'Said by the memory default, version 2',
  ]);
  const said = { ...anomaly, why: 'flow 3 where 2 was expected: the mean of 20 rows lies outside all it was' };
  expect(cardLines(said)[0]).toBe('What was new: level 63 %, value 38 %');
  const judge = { name: 'htm-detect', version: '4' };
  expect(cardLines({ ...anomaly, judge }).slice(-2)).toEqual([
    'Alarmed by htm-detect, version 4',
    'What was expected is said by the memory default, version 2',
  ]);
  expect(cardLines({} as Anomaly)).toEqual([]);
});
