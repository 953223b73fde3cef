import { map } from 'rxjs';
import { expect, test } from 'vitest';
import { jsonCodec } from '../../connectors/codecs/json.js';
import { type PayloadCodec, RecordDecoder } from '../../connectors/kafka/decode.js';
import { Feed } from '../../connectors/kafka/feed.js';
import type { RawBatch } from '../../connectors/kafka/internals.js';
import type { Outgoing, RawRecord } from '../../connectors/kafka/record.js';
import type { Position } from '../../connectors/kafka/writer.js';
import type { Event } from '../../event.js';
import { keyed, type Nothing, type Stage } from '../../operators/stage.js';
import type { AlertHost, PartitionAlerts } from '../../pipelines/kafka-alert-queue.js';
import { Hopeless } from '../../pipelines/kafka-restore.js';
import { KafkaTask } from '../../pipelines/kafka-task.js';
import type { TaskEvent } from '../../pipelines/kafka-world.js';
import { type Pipeline, pipeline } from '../../pipelines/pipeline.js';
import { type Field, f64 } from '../../state/layout.js';
import { MemoryStore } from '../../state/stores/memory.js';
import { dice } from '../chaos/kafka-chaos.js';
import { moving } from '../kafka/harness.js';
import { encodeMoved, type Moved } from '../kafka/moving.mjs';

/** A partition, a group and a store in memory, where anything may go wrong at any moment that the dice say. */
class World {
  readonly log: RawRecord[] = [];
  readonly written: Outgoing[] = [];
  readonly events: TaskEvent[] = [];
  readonly store = new MemoryStore();
  committed: { offset: number; metadata: string } | undefined;
  low = 0;
  line: Pipeline<Moved> = pipeline('moving').through(moving(1e6));
  codec: PayloadCodec = jsonCodec();
  alerts: ((host: AlertHost) => PartitionAlerts) | undefined;
  /** Output rows of each commit. */
  readonly commits: number[] = [];
  #epoch = 0;
  now = 0;

  constructor(
    readonly random: () => number,
    readonly risk: number,
    count: number,
  ) {
    for (let i = 0; i < count; i++) {
      const offset = i + Math.floor(i / 10);
      const gone = i % 41 === 40;
      const value = i % 17 === 3 ? 'poison' : JSON.stringify({ value: i % 29 === 5 ? 2e6 : i });
      this.log.push({
        offset: String(offset),
        timestamp: '0',
        key: Buffer.from(`k${i % 3}`),
        value: gone ? null : Buffer.from(value),
      });
    }
  }

  get high(): number {
    return Number(this.log.at(-1)?.offset) + 1;
  }

  maybe(what: string): void {
    if (this.random() < this.risk) throw new Error(`fault: ${what}`);
  }

  task(commitRows: number): KafkaTask<Moved> {
    const store = this.store;
    const world = this;
    return new KafkaTask<Moved>(
      {
        ...{ topic: 'in', partition: 0, partitions: 1, groupId: 'g', commitMs: 1, commitRows },
        pipeline: this.line,
        decoder: new RecordDecoder(this.codec, { values: ['value'] }, 'in-0'),
        outputs: { results: { topic: 'out', encode: encodeMoved }, rejects: { topic: 'dlq' } },
        checkpointRows: 20,
        ...(this.alerts ? { alerts: this.alerts } : {}),
        store: {
          load: (shard, upTo) => store.load(shard, upTo),
          async save(checkpoint) {
            world.maybe('before save');
            await store.save(checkpoint);
            world.maybe('after save');
          },
        },
      },
      {
        async writer() {
          world.maybe('fence');
          const epoch = ++world.#epoch;
          return {
            async commit(rows: readonly Outgoing[], { offset, metadata }: Position) {
              world.maybe('before commit');
              if (epoch !== world.#epoch) throw new Error('fenced');
              for (const row of rows) world.written.push(row);
              world.commits.push(rows.length);
              world.committed = { offset, metadata };
              world.maybe('after commit');
            },
            async close() {},
          };
        },
        async committed() {
          world.maybe('committed');
          return world.committed;
        },
        bounds: async () => ({ low: world.low, high: world.high }),
        open: (from) => world.feed(from),
        drop: (feed) => feed.close(),
        onEvent: (event) => void world.events.push(event),
        nowMs: () => world.now++,
      },
    );
  }

  feed(from: number): Feed {
    const feed = new Feed('in', 0, from, { pause() {}, resume() {} });
    const rest = this.log.filter(({ offset }) => Number(offset) >= from);
    for (let at = 0; at < rest.length; ) {
      const rows = rest.slice(at, at + 1 + Math.floor(this.random() * 40));
      at += rows.length;
      feed.push({
        ...{ topic: 'in', partition: 0, fetchedOffset: String(feed.seen), highWatermark: String(this.high) },
        rawMessages: rows as unknown as RawBatch['rawMessages'],
        isEmpty: () => false,
        isEmptyDueToFiltering: () => false,
      });
    }
    return feed;
  }

  /** Runs task after task until everything is committed. */
  async drain(): Promise<number> {
    let tasks = 0;
    while ((this.committed?.offset ?? 0) < this.high) {
      if (++tasks > 2000) throw new Error('no progress');
      const task = this.task(1 + Math.floor(this.random() * 60));
      const running = task.run();
      const watch = setInterval(() => {
        if ((this.committed?.offset ?? 0) >= this.high || this.random() < this.risk) task.stop();
      }, 1);
      await running.catch((error: Error) => {
        if (error instanceof Hopeless || !/fault|fenced/.test(error.message)) throw error;
      });
      clearInterval(watch);
    }
    return tasks;
  }
}

const shown = ({ topic, key, value, headers }: Outgoing): string =>
  `${topic} ${key} ${value} ${headers?.['engram-id']} ${headers?.['x-error-class'] ?? ''}`;
const of = (world: World, topic: string): string[] => world.written.filter((row) => row.topic === topic).map(shown);

test('faults at any call, any cutting: the committed rows are those of a calm run, once and in order', async () => {
  const calm = new World(dice(1), 0, 600);
  await calm.drain();
  expect(of(calm, 'out').length + of(calm, 'dlq').length).toBe(600 - 14);
  let tasks = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const world = new World(dice(seed), seed % 3 === 0 ? 0.2 : 0.05, 600);
    tasks += await world.drain();
    // The seed is in the message, so that a failure can be looked at again.
    for (const topic of ['out', 'dlq']) expect([seed, ...of(world, topic)]).toEqual([seed, ...of(calm, topic)]);
  }
  expect(tasks).toBeGreaterThan(150);
}, 120_000);

test('it keeps silent up to the committed offset, then says that it is live', async () => {
  const world = new World(dice(7), 0, 100);
  world.log.splice(50);
  await world.drain();
  const before = world.written.length;
  world.events.length = 0;
  const more = new World(dice(7), 0, 100);
  world.log.push(...more.log.slice(50));
  const bare = new World(dice(8), 0, 0);
  Object.assign(bare, { log: world.log, committed: world.committed, written: world.written });
  await bare.drain();
  expect(bare.events.find(({ type }) => type === 'live')).toMatchObject({ replayed: 50 });
  expect(bare.written.length).toBe(98);
  expect(before).toBe(49);
});

test('alerts: a queue that cannot be read ends the task; its notes go with the results, and the last ones before the end', async () => {
  const world = new World(dice(5), 0, 60);
  const closed: string[] = [];
  const queue = (host: AlertHost): PartitionAlerts => {
    let notes = 0;
    return {
      write: () => Promise.resolve(),
      advance: () => Promise.resolve(),
      take: () => [{ topic: 'q', partition: host.partition, key: `note ${notes++}`, value: 'n' }],
      committed: () => void closed.push('committed'),
      async close() {
        closed.push('closed');
      },
    };
  };
  world.alerts = (host) => {
    host.fail(new Error('the queue cannot be read'));
    return queue(host);
  };
  await expect(world.task(10).run()).rejects.toThrow('the queue cannot be read');
  expect(world.written).toEqual([]);
  world.alerts = queue;
  const task = world.task(10);
  const done = task.run();
  await expect.poll(() => task.next).toBe(world.high);
  task.stop();
  await done;
  const keys = world.written.filter(({ topic }) => topic === 'q').map(({ key }) => key);
  expect(keys).toEqual(keys.map((_, i) => `note ${i}`));
  // Closed, then committed once more: what was handed on last is noted.
  expect(closed.slice(-3)).toEqual(['closed', 'committed', 'closed']);
});

test('a position that somebody else has moved is noticed before the next commit', async () => {
  const world = new World(dice(9), 0, 50);
  const task = world.task(10);
  const running = task.run();
  const failed = expect(running).rejects.toThrow(/another process had the partition/);
  while (task.commits === 0) await new Promise(setImmediate);
  world.committed = { offset: 3, metadata: '' };
  task.suspect();
  world.log.push({ offset: '999', timestamp: '0', key: Buffer.from('k'), value: Buffer.from('{"value":1}') });
  await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 3000))]);
  task.stop();
  await failed.catch(() => {});
});

test('what operators say on the topic is taken in at its place, whatever the cuts and faults', async () => {
  /** Every row after a mark is another one. */
  const marking = keyed<Nothing, { taken: Field<'f64'> }, Event, Event>('marking', {}, () => ({
    id: 'marking',
    version: '1',
    shared: {},
    layout: { taken: f64() },
    mark: (_, own, { offset }) => {
      own.taken[0] += offset;
    },
    step: (_, own, row, out) => out.emit({ ...row, values: [row.values[0] + own.taken[0] / 1000] }),
  }));
  const worldOf = (seed: number, risk: number): World => {
    const world = new World(dice(seed), risk, 300);
    world.line = pipeline('marked').through(marking).through(moving(1e6));
    for (let i = 20; i < 300; i += 23) {
      const headers = { 'engram-mark': i % 2 === 0 ? 'real' : 'expected' };
      world.log[i] = { ...world.log[i], value: Buffer.from('{"startMs":0,"endMs":1}'), headers } as RawRecord;
    }
    return world;
  };
  const calm = worldOf(1, 0);
  await calm.drain();
  expect(of(calm, 'out').some((line) => line.includes('.0'))).toBe(true);
  for (let seed = 2; seed <= 8; seed++) {
    const world = worldOf(seed, 0.1);
    await world.drain();
    for (const topic of ['out', 'dlq']) expect([seed, ...of(world, topic)]).toEqual([seed, ...of(calm, topic)]);
  }
}, 60_000);

test('records of thousands of rows: few rows per push, commits between records only, whatever the cuts and faults', async () => {
  let largest = 0;
  const watching: Stage<Event, Event> = {
    id: 'watching',
    settings: {},
    open: () => ({
      operator: map((batch) => {
        largest = Math.max(largest, batch.rows.length);
        return batch;
      }),
      save: () => ({}),
      close() {},
    }),
  };
  /** A value `n` is as many rows. */
  const many: PayloadCodec = {
    name: 'many',
    fields: () => [0],
    rows: (value) => Array.from({ length: Number(value) }, (_, i) => [i % 29 === 5 ? 2e6 : i]),
  };
  const worldOf = (seed: number, risk: number): World => {
    const world = new World(dice(seed), risk, 12);
    world.line = pipeline('watched').through(watching).through(moving(1e6));
    world.codec = many;
    for (const [i, record] of world.log.entries()) {
      world.log[i] = { ...record, value: Buffer.from(i % 3 === 0 ? '4096' : '3') };
    }
    return world;
  };
  const calm = worldOf(1, 0);
  await calm.drain();
  expect(of(calm, 'out').length + of(calm, 'dlq').length).toBe(4 * 4096 + 8 * 3);
  expect(largest).toBeLessThanOrEqual(256);
  // A commit is due after 60 rows at most, so none holds more than that and one record beside it.
  expect(Math.max(...calm.commits)).toBeLessThan(4096 + 256 + 60);
  for (let seed = 2; seed <= 5; seed++) {
    const world = worldOf(seed, 0.1);
    await world.drain();
    for (const topic of ['out', 'dlq']) expect([seed, ...of(world, topic)]).toEqual([seed, ...of(calm, topic)]);
  }
}, 120_000);
