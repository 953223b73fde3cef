import { type Encode, encodeAnomaly } from '../connectors/encode.js';
import type { KafkaRecord, Outgoing } from '../connectors/kafka/record.js';
import { type Anomaly, type Batch, type Event, placeOf, type Reject, recordOf } from '../event.js';
import { addTo, type Digest } from './kafka-digest.js';
import { faultHeaders } from './kafka-letter.js';

/** Where the rows of a pipeline go, and how they are written. */
export interface KafkaOutputs<B> {
  readonly results?: { readonly topic: string; readonly encode: (shard: string) => Encode<B> };
  readonly anomalies?: { readonly topic: string; readonly encode?: Encode<Anomaly> };
  readonly rejects?: { readonly topic: string };
  /** Every change of an alert, keyed by its id. No part of the digest: rules may change between two readings of a log. */
  readonly alerts?: { readonly topic: string };
}

/** The topics an input's outputs go to by default. */
export function outputTopics(input: string): { results: string; anomalies: string; rejects: string; alerts: string } {
  return {
    results: `${input}.forecasts`,
    anomalies: `${input}.anomalies`,
    rejects: `${input}.dlq`,
    alerts: `${input}.alerts`,
  };
}

/** Turns what a lane made of some records into records to be written, each with an id that every replay gives again. */
export class OutputWriter<B extends Event> {
  readonly #encode: Encode<B> | undefined;
  /** One object for all rows, changed in place: two copies per row would cost more than the checksum. */
  readonly #digest: { -readonly [K in keyof Digest]: Digest[K] };

  constructor(
    readonly outputs: KafkaOutputs<B>,
    readonly input: {
      readonly topic: string;
      readonly partition: number;
      readonly shard: string;
      readonly app: string;
    },
    digest: Digest,
  ) {
    this.#encode = outputs.results?.encode(input.shard);
    this.#digest = { ...digest };
  }

  /** Where the output stands now, silent rows included. */
  get digest(): Digest {
    return { ...this.#digest };
  }

  /** `records` are the ones the batch was made of. */
  rows(batch: Batch<B>, records: readonly KafkaRecord[]): Outgoing[] {
    const { results, anomalies, rejects, alerts } = this.outputs;
    const out: Outgoing[] = [];
    // Few rows need the record they came from.
    const needed = batch.rejects.length > 0 || records.some(({ headers }) => headers.traceparent !== undefined);
    const known = new Map(needed ? records.map((record) => [record.offset, record]) : []);
    if (results && this.#encode) {
      const name = naming(batch.held);
      for (let i = 0; i < batch.rows.length; i++) {
        const row = batch.rows[i];
        // The record of a row that was held back may be at hand or not, as the log was cut: its trace is never passed on.
        const trace = batch.held?.has(i) ? undefined : known.get(recordOf(row.offset))?.headers.traceparent;
        const id = `${this.input.shard}-${name(row, i)}`;
        const headers = trace === undefined ? { 'engram-id': id } : { 'engram-id': id, traceparent: trace };
        out.push(this.#row('results', results.topic, row.key, this.#encode(row), headers));
      }
    }
    if (anomalies) {
      const { encode = encodeAnomaly } = anomalies;
      for (const anomaly of batch.anomalies ?? []) {
        const headers = { 'engram-id': `${anomaly.id}-${anomaly.status}` };
        out.push(this.#row('anomalies', anomalies.topic, anomaly.key, encode(anomaly), headers));
      }
    }
    if (alerts) {
      for (const alert of batch.alerts ?? []) {
        const headers = { 'engram-id': `${alert.id}-${alert.revision}` };
        const [key, value] = [Buffer.from(alert.id), Buffer.from(JSON.stringify(alert))];
        out.push({ topic: alerts.topic, partition: this.input.partition, key, value, headers });
      }
    }
    if (rejects) {
      for (const reject of batch.rejects) {
        // The record of a row that was held back may be at hand or not, as the log was cut: it is never used.
        const record = reject.held ? undefined : known.get(recordOf(reject.offset));
        out.push(this.#letter(rejects.topic, reject, record));
      }
    }
    return out;
  }

  #letter(topic: string, reject: Reject, record: KafkaRecord | undefined): Outgoing {
    const headers = {
      ...record?.headers,
      ...faultHeaders({
        ...{ topic: this.input.topic, partition: this.input.partition, app: this.input.app },
        ...{ offset: recordOf(reject.offset), timeMs: record?.timestampMs },
        ...{ stage: reject.stage, kind: reject.reason, message: reject.message },
      }),
      'engram-id': `${this.input.shard}-${placeOf(reject.offset)}-${reject.stage}`,
    };
    if (record) return this.#row('rejects', topic, record.key, record.value, headers);
    // The event has the key in it as well: for the checksum that is enough, as it was when no key was written.
    const letter = this.#row('rejects', topic, null, reject.raw ?? null, headers);
    return reject.held && reject.raw !== undefined ? { ...letter, key: keyOf(reject.raw) } : letter;
  }

  #row(
    kind: 'results' | 'anomalies' | 'rejects',
    topic: string,
    key: Buffer | string | null,
    value: Buffer | string | null,
    headers: Outgoing['headers'] & object,
  ): Outgoing {
    // As bytes from here on: for the checksum, for the size of the request, and for the wire.
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    const name = typeof key === 'string' ? Buffer.from(key) : key;
    addTo(this.#digest, kind, name, bytes);
    return { topic, partition: this.input.partition, key: name, value: bytes, headers };
  }
}

/** The key of an event that a step wrote down when it refused it. */
const keyOf = (raw: string): Buffer => Buffer.from((JSON.parse(raw) as Pick<Event, 'key'>).key);

/**
 * Names the rows of a batch within their shard, in order, by the log alone: those that came with their own event by its
 * place and a count; those that a step had held back by their event's place and their own time, and a count behind a point
 * where one event let several such go.
 */
function naming(held: Batch<Event>['held']): (row: Event, index: number) => string {
  let [count, before] = [0, -1];
  let [again, beforeHeld] = [0, ''];
  return ({ offset, timeMs }, index) => {
    const cause = held?.get(index);
    if (cause === undefined) {
      count = offset === before ? count + 1 : 0;
      before = offset;
      return `${placeOf(offset)}-${count}`;
    }
    const name = `${placeOf(offset)}-t${timeMs}`;
    again = `${cause} ${name}` === beforeHeld ? again + 1 : 0;
    beforeHeld = `${cause} ${name}`;
    return again > 0 ? `${name}.${again}` : name;
  };
}
