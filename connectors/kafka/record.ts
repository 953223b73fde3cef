import type { LogRecord } from '../../event.js';

/** One record of a partition that belongs to the log for good: not aborted, not a marker. */
export type KafkaRecord = LogRecord;
export type Headers = LogRecord['headers'];

/** A record to be written; the partition is always named, so a retry cannot move it. */
export interface Outgoing {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Headers;
}

/** A record as kafkajs hands it over, with the fields its types leave out. */
export interface RawRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Headers;
  readonly isControlRecord?: boolean;
  readonly batchContext?: {
    readonly producerId: string;
    readonly inTransaction: boolean;
    readonly firstOffset?: string;
    readonly lastOffsetDelta?: number;
  };
}

/** kafkajs' text as a number; Kafka's offsets are 64 bits wide, an event's 53. */
export function offsetOf(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new RangeError(`expected an offset below 2^53, got ${text}`);
  return offset;
}
