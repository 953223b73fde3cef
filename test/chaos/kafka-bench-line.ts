import type { Kafka, Producer } from 'kafkajs';
import { crc32c } from '../../connectors/kafka/crc32c.js';
import { type PreparedMessage, takePrepared } from '../../connectors/kafka/prepared.js';
import { RecordBatch } from '../../connectors/kafka/record-batch.js';
import { sleep } from '../kafka/broker.js';
import { RawFetch } from '../kafka/raw-fetch.js';

/** What a stretch of steady load gave. */
export interface Stretch {
  readonly eventsPerSecond: number;
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** Events sent and not yet read back: mean of the first and of the last third. */
  readonly lag: { readonly first: number; readonly last: number };
  readonly sustained: boolean;
}

/** Batches that are written once; later only the time is put in, and the checksum. */
class Canned {
  #bytes: Buffer | undefined;

  constructor(
    readonly batch: RecordBatch,
    public timestampMs = 0,
  ) {}

  async bytes(stamp: Parameters<RecordBatch['bytes']>[0]): Promise<Buffer> {
    this.#bytes ??= await this.batch.bytes(stamp);
    this.#bytes.writeBigInt64BE(BigInt(this.timestampMs), 27);
    this.#bytes.writeBigInt64BE(BigInt(this.timestampMs), 35);
    this.#bytes.writeUInt32BE(crc32c(this.#bytes, 21), 17);
    return this.#bytes;
  }
}

const keys = 1000;
const tickMs = 10;
/** Rounds of different values before they come again. */
const rounds = 64;
const timeField = Buffer.from('"timeMs":');

/** Load at a steady rate on one side of a worker, and a reader of its results on the other; both need little themselves. */
export class Line {
  #sent = 0;
  #read = 0;
  #delays: number[] | undefined;
  #fromMs = 0;
  readonly #reader: RawFetch;

  private constructor(
    readonly input: string,
    readonly partitions: number,
    readonly producer: Producer,
    address: string,
    output: string,
  ) {
    this.#reader = new RawFetch({
      ...{ address, topic: output, partitions },
      onBatch: (records, count) => {
        this.#read += count;
        if (this.#delays) this.#measure(records, Date.now());
      },
    });
    // A failure is told by the next look at it.
    this.#reader.done.catch(() => {});
  }

  static async open(kafka: Kafka, address: string, input: string, output: string, partitions: number): Promise<Line> {
    takePrepared();
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return new Line(input, partitions, producer, address, output);
  }

  /** The time of a record is the one it was sent at, and goes into its result. */
  #measure(records: Buffer, now: number): void {
    for (let at = records.indexOf(timeField); at >= 0; at = records.indexOf(timeField, at)) {
      at += timeField.length;
      let sentMs = 0;
      for (; records[at] >= 0x30 && records[at] <= 0x39; at++) sentMs = 10 * sentMs + records[at] - 0x30;
      if (sentMs >= this.#fromMs) this.#delays?.push(now - sentMs);
    }
  }

  /** So many events per second for so long, of which the first `warmSeconds` count for nothing. */
  async stretch(rate: number, seconds: number, warmSeconds = 2): Promise<Stretch> {
    const { partitions, producer, input } = this;
    const unit = Math.max(1, Math.round((rate * tickMs) / 1000 / partitions));
    const cans = this.#cans(unit);
    const began = Date.now();
    this.#fromMs = began + 1000 * warmSeconds;
    this.#delays = [];
    const delays = this.#delays;
    const lags: number[] = [];
    const endMs = this.#fromMs + 1000 * seconds;
    let lookMs = this.#fromMs;
    const before = this.#sent;
    for (let round = 0, now = began; now < endMs; now = Date.now()) {
      const due = Math.floor(((now - began) / 1000) * rate) - (this.#sent - before);
      if (due >= unit * partitions) {
        const messages = cans[round++ % rounds].map((can, partition): PreparedMessage => {
          can.timestampMs = now;
          return { partition, value: null, prepared: { batch: can as unknown as RecordBatch, firstSequence: -1 } };
        });
        await producer.send({ topic: input, messages });
        this.#sent += unit * partitions;
      } else await sleep(tickMs / 2);
      if (now < lookMs) continue;
      lags.push(this.#sent - this.#read);
      lookMs += 100;
    }
    const sentRate = (1000 * (this.#sent - before)) / (Date.now() - began);
    await this.drain();
    this.#delays = undefined;
    return summary(delays, lags, { rate, sentRate, seconds });
  }

  /** Waits until every event sent has come back as a result. */
  async drain(mostMs = 120_000): Promise<void> {
    for (const until = Date.now() + mostMs; this.#read < this.#sent; await sleep(20)) {
      if (Date.now() > until) throw new Error(`${this.#read} of ${this.#sent} results came in ${mostMs} ms`);
      await Promise.race([this.#reader.done, sleep(0)]);
    }
  }

  #cans(unit: number): Canned[][] {
    let n = 0;
    return Array.from({ length: rounds }, () =>
      Array.from({ length: this.partitions }, (_, partition) => {
        const batch = new RecordBatch(0, 128 * unit + 1024);
        for (let i = 0; i < unit; i++, n++) {
          const key = (n * this.partitions + partition) % keys;
          batch.add({
            key: `sensor-${key}`,
            value: JSON.stringify({ value: Math.round(100 * Math.sin(n / 50)) + (n % 7) }),
          });
        }
        return new Canned(batch);
      }),
    );
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
    await this.#reader.stop();
  }
}

interface Load {
  readonly rate: number;
  readonly sentRate: number;
  readonly seconds: number;
}

function summary(delays: readonly number[], lags: readonly number[], { rate, sentRate, seconds }: Load): Stretch {
  const sorted = Float64Array.from(delays).sort();
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const third = Math.floor(lags.length / 3);
  const mean = (some: readonly number[]): number => some.reduce((sum, one) => sum + one, 0) / some.length;
  const [first, last] = [mean(lags.slice(0, third)), mean(lags.slice(-third))];
  return {
    eventsPerSecond: Math.round(sorted.length / seconds),
    events: sorted.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    mostMs: quantile(1),
    lag: { first: Math.round(first), last: Math.round(last) },
    // What waits may swing by what comes in a fifth of a second: two commits.
    sustained: sentRate >= 0.97 * rate && last - first <= 0.2 * rate,
  };
}
