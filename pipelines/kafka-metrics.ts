import type { WorkerEvent } from './kafka-options.js';
import { LoopDelay } from './loop-delay.js';

/** Upper bounds of the buckets of durations, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every figure that is exported, what kind it is and what it says; OPERATIONS.md tells what to do about each. */
export const kafkaFigures = {
  engram_partitions_assigned: ['gauge', 'Partitions this process answers for.'],
  engram_partitions_live: ['gauge', 'Of these, the ones restored and at work.'],
  engram_assignments_total: ['counter', 'Times the group told this process its partitions.'],
  engram_rebalances_total: ['counter', 'Times the group began to share its partitions out anew.'],
  engram_reader_failures_total: ['counter', 'Memberships in the group that ended with an error.'],
  engram_heartbeat_age_seconds: ['gauge', 'Time since the group last counted on this process.'],
  engram_records_total: ['counter', 'Records committed.'],
  engram_results_total: ['counter', 'Results committed.'],
  engram_rejects_total: ['counter', 'Dead letters committed, by stage and reason.'],
  engram_tombstones_total: ['counter', 'Keys that were forgotten because a record without a value said so.'],
  engram_marks_total: ['counter', 'Marks of operators that were taken in, by verdict and whether they found an alarm.'],
  engram_replayed_records_total: ['counter', 'Records read again, silently, to rebuild state.'],
  engram_cold_starts_total: ['counter', 'Times a partition began with empty memories because its state was lost.'],
  engram_tasks_dropped_total: [
    'counter',
    'Tasks dropped after an error, their transaction aborted, by whether fenced.',
  ],
  engram_lag_records: [
    'gauge',
    'Records of the partition behind the last commit, measured at commits and every lagMs.',
  ],
  engram_next_offset: ['gauge', 'Offset the partition is committed up to.'],
  engram_log_begin_offset: [
    'gauge',
    'First offset the log of the partition still holds; a checkpoint below it is of no use.',
  ],
  engram_waiting_bytes: ['gauge', 'Bytes fetched that wait to be worked on.'],
  engram_fold_seconds: ['histogram', 'What decoding, the steps and encoding took for the records of one commit.'],
  engram_commit_seconds: ['histogram', 'From beginning a transaction to the end of it.'],
  engram_checkpoint_seconds: ['histogram', 'From beginning a checkpoint until it was durable.'],
  engram_checkpoint_pause_seconds: ['histogram', 'Of that, the time in which nothing else was done.'],
  engram_checkpoint_bytes: ['gauge', 'Size of the newest checkpoint.'],
  engram_checkpoint_age_seconds: ['gauge', 'Time since the newest checkpoint of this process.'],
  engram_checkpoint_offset: ['gauge', 'Offset of the newest checkpoint of this process.'],
  engram_checkpoint_failures_total: ['counter', 'Checkpoints that could not be written.'],
  engram_event_loop_delay_seconds: [
    'gauge',
    'How late timers of this process fired in the last one to two minutes, by quantile.',
  ],
  engram_resident_bytes: ['gauge', 'Memory of this process.'],
} as const;

export type KafkaFigure = keyof typeof kafkaFigures;
type Labels = Readonly<Record<string, string | number>>;

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

  lines(name: KafkaFigure): string[] {
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
  waitingBytes: number;
  /** First offset of the log, once it was asked for. */
  begin: number | undefined;
  checkpoint: { readonly atMs: number; readonly next: number; readonly bytes: number } | undefined;
}

/** Counts what a worker tells, and shows it in the text format of Prometheus. */
export class KafkaMetrics {
  /** By name and labels as they are printed. */
  readonly #counters = new Map<KafkaFigure, Map<string, number>>();
  readonly #shards = new Map<string, ShardFigures>();
  readonly #durations = {
    engram_fold_seconds: new Durations(),
    engram_commit_seconds: new Durations(),
    engram_checkpoint_seconds: new Durations(),
    engram_checkpoint_pause_seconds: new Durations(),
  };
  readonly #loop = new LoopDelay();
  #beatAt: number;

  constructor(readonly nowMs: () => number = () => performance.now()) {
    this.#beatAt = nowMs();
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
      case 'committed':
        this.#committed(event);
        return;
      case 'checkpoint': {
        const { next, bytes } = event;
        this.#durations.engram_checkpoint_seconds.add(event.ms);
        this.#durations.engram_checkpoint_pause_seconds.add(event.pauseMs);
        this.#shard(event.shard).checkpoint = { atMs: this.nowMs(), next, bytes };
        return;
      }
      case 'live':
        this.#count('engram_replayed_records_total', event.replayed);
        return;
      case 'dropped':
        this.#count('engram_tasks_dropped_total', 1, { fenced: String(event.fenced) });
        return;
      case 'checkpoint-failed':
        this.#count('engram_checkpoint_failures_total');
        return;
      case 'tombstone':
        this.#count('engram_tombstones_total');
        return;
      case 'mark':
        this.#count('engram_marks_total', 1, { verdict: event.verdict, found: String(event.alarms > 0) });
        return;
      case 'rebalancing':
        this.#count('engram_rebalances_total');
        return;
      case 'reader-failed':
        this.#count('engram_reader_failures_total');
        return;
      case 'lag':
        Object.assign(this.#shard(event.shard), { lag: event.lag, next: event.next, begin: event.begin });
        return;
      case 'cold-start':
        this.#count('engram_cold_starts_total');
    }
  }

  #committed(event: Extract<WorkerEvent, { type: 'committed' }>): void {
    const { records, results, reasons, lag, next, waitingBytes } = event;
    this.#count('engram_records_total', records);
    this.#count('engram_results_total', results);
    for (const [name, count] of Object.entries(reasons)) {
      const [stage, reason] = name.split('/');
      this.#count('engram_rejects_total', count, { stage, reason });
    }
    this.#durations.engram_commit_seconds.add(event.ms);
    this.#durations.engram_fold_seconds.add(event.foldMs);
    Object.assign(this.#shard(event.shard), { lag, next, waitingBytes });
  }

  #count(name: KafkaFigure, by = 1, labels: Labels = {}): void {
    const counts = this.#counters.get(name) ?? new Map<string, number>();
    const key = text(labels);
    this.#counters.set(name, counts.set(key, (counts.get(key) ?? 0) + by));
  }

  #shard(name: string): ShardFigures {
    const nothing = { lag: 0, next: 0, waitingBytes: 0, begin: undefined, checkpoint: undefined };
    const figures = this.#shards.get(name) ?? nothing;
    this.#shards.set(name, figures);
    return figures;
  }

  /** All figures as text; `live` and `assigned` are of the worker, now. */
  text({ assigned, live }: { readonly assigned: number; readonly live: number }): string {
    const now = new Map<KafkaFigure, string[]>();
    const gauge = (name: KafkaFigure, value: number, labels: Labels = {}): void =>
      void now.set(name, [...(now.get(name) ?? []), `${name}${text(labels)} ${value}`]);
    gauge('engram_partitions_assigned', assigned);
    gauge('engram_partitions_live', live);
    gauge('engram_heartbeat_age_seconds', this.silentMs / 1000);
    for (const quantile of [0.5, 0.99]) {
      gauge('engram_event_loop_delay_seconds', this.#loop.quantile(quantile), { quantile });
    }
    gauge('engram_resident_bytes', process.memoryUsage.rss());
    for (const [shard, { lag, next, waitingBytes, begin, checkpoint }] of this.#shards) {
      gauge('engram_lag_records', lag, { shard });
      gauge('engram_next_offset', next, { shard });
      gauge('engram_waiting_bytes', waitingBytes, { shard });
      if (begin !== undefined) gauge('engram_log_begin_offset', begin, { shard });
      if (!checkpoint) continue;
      gauge('engram_checkpoint_age_seconds', (this.nowMs() - checkpoint.atMs) / 1000, { shard });
      gauge('engram_checkpoint_offset', checkpoint.next, { shard });
      gauge('engram_checkpoint_bytes', checkpoint.bytes, { shard });
    }
    for (const [name, counts] of this.#counters) {
      now.set(
        name,
        [...counts].map(([labels, value]) => `${name}${labels} ${value}`),
      );
    }
    for (const [name, durations] of Object.entries(this.#durations)) {
      now.set(name as KafkaFigure, durations.lines(name as KafkaFigure));
    }
    // In the order of the list, each with what it says.
    const lines = Object.entries(kafkaFigures).flatMap(([name, [kind, help]]) => {
      const found = now.get(name as KafkaFigure);
      return found ? [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...found] : [];
    });
    return `${lines.join('\n')}\n`;
  }

  close(): void {
    this.#loop.close();
  }
}

/** Labels as Prometheus writes them; shards hold the names of topics, which have no characters to be escaped. */
function text(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}
