import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type KafkaFigure, KafkaMetrics, kafkaFigures } from '../../pipelines/kafka-metrics.js';

test('what a worker tells becomes figures; a partition that is lost is no longer shown', () => {
  let now = 1000;
  const metrics = new KafkaMetrics(() => now);
  const shard = 'in-0';
  metrics.see({ type: 'assigned', shards: [shard, 'in-1'] });
  metrics.see({ type: 'live', shard, replayed: 7, ms: 3 });
  const common = { type: 'committed', shard, records: 10, foldMs: 4, waitingBytes: 77 } as const;
  const reasons = { 'reorder/late': 1 };
  metrics.see({ ...common, next: 50, results: 9, rejects: 1, reasons, ms: 30, lag: 4 });
  metrics.see({ ...common, next: 60, results: 10, rejects: 0, reasons: {}, ms: 70, lag: 0 });
  metrics.see({ type: 'checkpoint', shard, next: 60, ms: 8, pauseMs: 2, bytes: 5000 });
  metrics.see({ type: 'dropped', shard, error: new Error('x'), fenced: true });
  metrics.see({ type: 'rebalancing' });
  metrics.see({ type: 'lag', shard, lag: 9, next: 60, begin: 20 });
  now = 4000;
  const lines = metrics.text({ assigned: 2, live: 1 }).split('\n');
  for (const line of [
    'engram_partitions_assigned 2',
    'engram_partitions_live 1',
    'engram_records_total 20',
    'engram_results_total 19',
    'engram_rejects_total{stage="reorder",reason="late"} 1',
    'engram_waiting_bytes{shard="in-0"} 77',
    'engram_checkpoint_bytes{shard="in-0"} 5000',
    'engram_fold_seconds_count 2',
    'engram_checkpoint_pause_seconds_bucket{le="0.005"} 1',
    '# TYPE engram_lag_records gauge',
    'engram_replayed_records_total 7',
    'engram_tasks_dropped_total{fenced="true"} 1',
    'engram_rebalances_total 1',
    'engram_lag_records{shard="in-0"} 9',
    'engram_log_begin_offset{shard="in-0"} 20',
    'engram_checkpoint_age_seconds{shard="in-0"} 3',
    'engram_commit_seconds_bucket{le="0.05"} 1',
    'engram_commit_seconds_bucket{le="0.1"} 2',
    'engram_commit_seconds_count 2',
    'engram_heartbeat_age_seconds 3',
  ]) {
    expect(lines).toContain(line);
  }
  // Every line is a name, labels perhaps, and a number.
  for (const line of lines.filter((line) => line && !line.startsWith('#')))
    expect(line).toMatch(/^engram_[a-z_]+(\{[^}]+\})? -?[\d.e+-]+$/);
  metrics.see({ type: 'assigned', shards: ['in-1'] });
  expect(metrics.text({ assigned: 1, live: 1 })).not.toContain('in-0');
  expect(metrics.silentMs).toBe(0);
  metrics.close();
});

test('every figure of the list can come, and none that is not on it', () => {
  const metrics = new KafkaMetrics(() => 0);
  const shard = 'in-0';
  metrics.see({ type: 'assigned', shards: [shard] });
  metrics.see({ type: 'rebalancing' });
  metrics.see({ type: 'reader-failed', error: new Error('x') });
  metrics.see({ type: 'cold-start', shard, from: 0, why: 'lost', retired: [7] });
  metrics.see({ type: 'lag', shard, lag: 0, next: 0, begin: 0 });
  metrics.see({ type: 'live', shard, replayed: 0, ms: 0 });
  metrics.see({ type: 'tombstone', shard, key: 'k', offset: 1 });
  const mark = { key: 'k', offset: 1, verdict: 'real', stage: 'detect', known: true, alarms: 2 } as const;
  metrics.see({ type: 'mark', shard, ...mark });
  const reasons = { 'decode/not-json': 1 };
  metrics.see({
    ...{ type: 'committed', shard, next: 1, records: 1, results: 0, rejects: 1, reasons, ms: 0, foldMs: 0, lag: 0 },
    waitingBytes: 0,
  });
  metrics.see({ type: 'checkpoint', shard, next: 1, ms: 0, pauseMs: 0, bytes: 1 });
  metrics.see({ type: 'checkpoint-failed', shard, next: 1, error: new Error('x') });
  metrics.see({ type: 'dropped', shard, error: new Error('x'), fenced: false });
  const text = metrics.text({ assigned: 1, live: 1 });
  metrics.close();
  const told = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]);
  expect(told).toEqual(Object.entries(kafkaFigures).map(([name, [kind]]) => [name, kind]));
  for (const [, name] of text.matchAll(/^(engram_\w+?)(?:_bucket|_sum|_count)?[{ ]/gm)) {
    expect(kafkaFigures).toHaveProperty(name as KafkaFigure);
  }
});

const page = readFileSync(new URL('../../docs/OPERATIONS.md', import.meta.url), 'utf8');

test('OPERATIONS.md explains every figure, with its kind, and no other', () => {
  const rows = [...page.matchAll(/^\| `(engram_\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => [name, kind]);
  expect(rows).toEqual(Object.entries(kafkaFigures).map(([name, [kind]]) => [name, kind]));
});

test('OPERATIONS.md names every event and every error a run on Kafka can end with', () => {
  const source = (name: string): string => readFileSync(new URL(`../../pipelines/${name}`, import.meta.url), 'utf8');
  const events = ['kafka-world.ts', 'kafka-options.ts'].flatMap((name) =>
    [...source(name).matchAll(/readonly type: ((?:'[\w-]+'(?: \| )?)+)/g)].flatMap(([, types]) =>
      types.match(/[\w-]+/g),
    ),
  );
  expect(events).toContain('reader-failed');
  expect(events.filter((type) => !page.includes(`\`${type}\``))).toEqual([]);
  const errors = ['kafka-restore.ts', '../connectors/kafka/group.ts', '../state/arrow.ts', '../state/checkpoint.ts'];
  const names = errors.flatMap((name) => [...source(name).matchAll(/override readonly name = '(\w+)'/g)]);
  expect(names.map(([, name]) => name).filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});
