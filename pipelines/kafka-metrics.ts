import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { WorkerEvent } from './kafka-options.js';

/** Upper bounds of the buckets of durations, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

class Durations {
  readonly counts = bounds.map(() => 0);
  sum = 0;
  count = 0;

  add(ms: number): void {
    const seconds = ms / 1000;
    this.sum += seconds;
    this.count++;
    bounds.forEach((bound, i) => {
      if (seconds <= bound) this.counts[i]++;
    });
  }

  lines(name: string): string[] {
    return [
      ...bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${this.counts[i]}`),
      `${name}_bucket{le="+Inf"} ${this.count}`,
      `${name}_sum ${this.sum}`,
      `${name}_count ${this.count}`,
    ];
  }
}

/** What is known of one partition. */
interface ShardFigures {
  lag: number;
  next: number;
  checkpointAt: number | undefined;
  checkpointNext: number;
}

/** Counts what a worker tells, and shows it in the text format of Prometheus. */
export class KafkaMetrics {
  readonly #counters = new Map<string, number>();
  readonly #shards = new Map<string, ShardFigures>();
  readonly #commits = new Durations();
  readonly #checkpoints = new Durations();
  readonly #loop = monitorEventLoopDelay({ resolution: 10 });
  #beatAt: number;

  constructor(readonly nowMs: () => number = () => performance.now()) {
    this.#beatAt = nowMs();
    this.#loop.enable();
  }

  /** Milliseconds since the group last counted on this process. */
  get silentMs(): number {
    return this.nowMs() - this.#beatAt;
  }

  see(event: WorkerEvent): void {
    switch (event.type) {
      case 'heartbeat':
        this.#beatAt = this.nowMs();
        return;
      case 'assigned':
        this.#beatAt = this.nowMs();
        for (const shard of [...this.#shards.keys()]) if (!event.shards.includes(shard)) this.#shards.delete(shard);
        this.#count('engram_assignments_total');
        return;
      case 'committed': {
        this.#count('engram_records_total', event.records);
        this.#count('engram_results_total', event.results);
        this.#count('engram_rejects_total', event.rejects);
        this.#commits.add(event.ms);
        const shard = this.#shard(event.shard);
        shard.lag = event.lag;
        shard.next = event.next;
        return;
      }
      case 'checkpoint': {
        this.#checkpoints.add(event.ms);
        const shard = this.#shard(event.shard);
        shard.checkpointAt = this.nowMs();
        shard.checkpointNext = event.next;
        return;
      }
      case 'live':
        this.#count('engram_replayed_records_total', event.replayed);
        return;
      case 'dropped':
        this.#count(`engram_tasks_dropped_total{fenced="${event.fenced}"}`);
        return;
      case 'checkpoint-failed':
        this.#count('engram_checkpoint_failures_total');
        return;
      case 'tombstone':
        this.#count('engram_tombstones_total');
        return;
      case 'rebalancing':
        this.#count('engram_rebalances_total');
        return;
      case 'reader-failed':
        this.#count('engram_reader_failures_total');
        return;
      case 'restored':
        if (event.how.startsWith('COLD START')) this.#count('engram_cold_starts_total');
    }
  }

  #count(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  #shard(name: string): ShardFigures {
    let figures = this.#shards.get(name);
    if (!figures) {
      figures = { lag: 0, next: 0, checkpointAt: undefined, checkpointNext: -1 };
      this.#shards.set(name, figures);
    }
    return figures;
  }

  /** All figures as text; `live` and `assigned` are of the worker, now. */
  text({ assigned, live }: { readonly assigned: number; readonly live: number }): string {
    const lines = [
      `engram_partitions_assigned ${assigned}`,
      `engram_partitions_live ${live}`,
      `engram_heartbeat_age_seconds ${this.silentMs / 1000}`,
      `engram_event_loop_delay_seconds{quantile="0.5"} ${this.#loop.percentile(50) / 1e9}`,
      `engram_event_loop_delay_seconds{quantile="0.99"} ${this.#loop.percentile(99) / 1e9}`,
      `engram_resident_bytes ${process.memoryUsage.rss()}`,
      ...[...this.#counters].map(([name, value]) => `${name} ${value}`),
      ...[...this.#shards].flatMap(([shard, { lag, next, checkpointAt, checkpointNext }]) => [
        `engram_lag_records{shard="${shard}"} ${lag}`,
        `engram_next_offset{shard="${shard}"} ${next}`,
        ...(checkpointAt === undefined
          ? []
          : [
              `engram_checkpoint_age_seconds{shard="${shard}"} ${(this.nowMs() - checkpointAt) / 1000}`,
              `engram_checkpoint_offset{shard="${shard}"} ${checkpointNext}`,
            ]),
      ]),
      ...this.#commits.lines('engram_commit_seconds'),
      ...this.#checkpoints.lines('engram_checkpoint_seconds'),
    ];
    return `${lines.join('\n')}\n`;
  }

  close(): void {
    this.#loop.disable();
  }
}
