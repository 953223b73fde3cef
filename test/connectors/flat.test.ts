import { expect, test } from 'vitest';
import { anomalyColumns, rejectColumns, resultColumns, resultFront, resultVerdict } from '../../connectors/flat.js';
import { results, shape } from './results.js';

test('a result column holds what its name says', () => {
  const [row] = results(1);
  const cells = Object.fromEntries(resultColumns(shape).map(({ name, of }) => [name, of(row)]));
  expect(cells).toMatchObject({
    id: 's@0',
    key: row.key,
    time: row.timeMs,
    offset: 0,
    flow: row.values[0],
    score_2: row.values[1],
    score: row.score,
    flow_mean_h48: row.forecast.mean[1],
    score_mean_h1: row.forecast.mean[2],
    flow_q50_h48: row.forecast.quantiles[4],
    score_q99_h48: row.forecast.quantiles[11],
  });
});

test('what stands before and behind the channels is what results are known by', () => {
  const names = resultColumns(shape).map(({ name }) => name);
  expect(names.slice(0, resultFront.length)).toEqual(resultFront);
  expect(names.slice(6, 6 + resultVerdict.length)).toEqual(resultVerdict);
  // Results of before the countdown are known by the same.
  expect(names[6 + resultVerdict.length]).toBe('warmup');
});

test('names are different whatever the channels are called, and levels are round', () => {
  const columns = resultColumns({
    shard: 's',
    channels: ['a', 'a', 'a_mean_h1', 'id'],
    horizons: [1],
    levels: [0.025, 0.29, 0.999],
  });
  const names = columns.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('a_q2.5_h1');
  expect(names).toContain('a_q29_h1');
  expect(names).toContain('a_q99.9_h1');
});

test('anomalies and rejects keep all their fields', () => {
  expect(anomalyColumns).toHaveLength(18);
  const reject = { shard: 's', offset: 3, stage: 'decode', reason: 'cut', message: 'm' };
  expect(rejectColumns.map(({ of }) => of(reject))).toEqual(['s', 3, 'decode', 'cut', 'm', '', Number.NaN]);
});

test('a channel of words has its word, the next and how likely that is, and no quantiles', () => {
  const [row] = results(1);
  const next = [{ channel: 'state', words: [{ word: 'OPEN', probability: 0.75 }] }];
  const columns = resultColumns({ ...shape, channels: ['flow', 'state'], categories: ['state'] });
  const told = { ...row, words: [undefined, 'SHUT'], next };
  const cells = Object.fromEntries(columns.map(({ name, of }) => [name, of(told)]));
  expect(cells).toMatchObject({ state: 'SHUT', state_next: 'OPEN', state_next_probability: 0.75 });
  expect(columns.filter(({ name }) => name.startsWith('state_')).length).toBe(2);
});
