import { expect, test } from 'vitest';
import { KafkaMetrics } from '../../pipelines/kafka-metrics.js';

test('what a worker tells becomes figures; a partition that is lost is no longer shown', () => {
  let now = 1000;
  const metrics = new KafkaMetrics(() => now);
  const shard = 'in-0';
  metrics.see({ type: 'assigned', shards: [shard, 'in-1'] });
  metrics.see({ type: 'live', shard, replayed: 7, ms: 3 });
  metrics.see({ type: 'committed', shard, next: 50, records: 10, results: 9, rejects: 1, ms: 30, lag: 4 });
  metrics.see({ type: 'committed', shard, next: 60, records: 10, results: 10, rejects: 0, ms: 70, lag: 0 });
  metrics.see({ type: 'checkpoint', shard, next: 60, ms: 8, pauseMs: 2 });
  metrics.see({ type: 'dropped', shard, error: new Error('x'), fenced: true });
  metrics.see({ type: 'rebalancing' });
  now = 4000;
  const lines = metrics.text({ assigned: 2, live: 1 }).split('\n');
  for (const line of [
    'engram_partitions_assigned 2',
    'engram_partitions_live 1',
    'engram_records_total 20',
    'engram_results_total 19',
    'engram_rejects_total 1',
    'engram_replayed_records_total 7',
    'engram_tasks_dropped_total{fenced="true"} 1',
    'engram_rebalances_total 1',
    'engram_lag_records{shard="in-0"} 0',
    'engram_checkpoint_age_seconds{shard="in-0"} 3',
    'engram_commit_seconds_bucket{le="0.05"} 1',
    'engram_commit_seconds_bucket{le="0.1"} 2',
    'engram_commit_seconds_count 2',
    'engram_heartbeat_age_seconds 3',
  ]) {
    expect(lines).toContain(line);
  }
  // Every line is a name, labels perhaps, and a number.
  for (const line of lines.filter(Boolean)) expect(line).toMatch(/^engram_[a-z_]+(\{[^}]+\})? -?[\d.e+-]+$/);
  metrics.see({ type: 'assigned', shards: ['in-1'] });
  expect(metrics.text({ assigned: 1, live: 1 })).not.toContain('in-0');
  expect(metrics.silentMs).toBe(0);
  metrics.close();
});
