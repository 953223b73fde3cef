import { expect, test } from 'vitest';
import { KafkaLog } from '../../pipelines/kafka-log.js';

function log() {
  const at = { now: 1_000_000, lines: [] as { type: string; repeated?: number; error?: string }[] };
  const lines = new KafkaLog(
    (line) => void at.lines.push(JSON.parse(line)),
    () => at.now,
  );
  return { at, lines };
}

test('what repeats is counted and told ever more seldom; numbers in it make it no other', () => {
  const { at, lines } = log();
  for (let i = 0; i < 1000; i++) {
    lines.write({ type: 'client', message: `connect ECONNREFUSED 10.0.0.1:${i}` });
    at.now += 1000;
  }
  // After 10 s, 20 s more, 40 s more, …
  expect(at.lines.map(({ repeated }) => repeated)).toEqual([undefined, 9, 19, 39, 79, 159, 319]);
});

test('other lines are told at once, changes of state always, and after one for the better failures are news', () => {
  const { at, lines } = log();
  for (const shard of ['a', 'a', 'b']) lines.write({ type: 'dropped', shard, error: 'away' });
  lines.write({ type: 'dropped', shard: 'a', error: 'other' });
  for (let i = 0; i < 3; i++) lines.write({ type: 'rebalancing' });
  lines.write({ type: 'live', shard: 'a' });
  lines.write({ type: 'dropped', shard: 'a', error: 'away' });
  expect(at.lines.map(({ type, error = '' }) => `${type} ${error}`)).toEqual([
    ...['dropped away', 'dropped away', 'dropped other'],
    ...['rebalancing ', 'rebalancing ', 'rebalancing ', 'live ', 'dropped away'],
  ]);
  expect(at.lines[0]).toMatchObject({ time: '1970-01-01T00:16:40.000Z', shard: 'a' });
});

test('one that has not come for long is news again', () => {
  const { at, lines } = log();
  lines.write({ type: 'reader-failed', error: 'x' });
  at.now += 3_600_000;
  for (let i = 0; i < 11; i++) {
    lines.write({ type: 'reader-failed', error: 'x' });
    at.now += 1000;
  }
  expect(at.lines.map(({ repeated }) => repeated)).toEqual([undefined, undefined, 9]);
});
