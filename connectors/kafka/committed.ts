import { type KafkaRecord, offsetOf, type RawRecord } from './record.js';

/** Records that are decided, and the offset to go on from: below it nothing waits any more. */
export interface Decided {
  readonly records: readonly KafkaRecord[];
  readonly next: number;
}

interface Held {
  readonly record: KafkaRecord;
  readonly producerId: string;
  state: 'open' | 'committed' | 'aborted';
}

/**
 * Leaves out the records of aborted transactions, by the markers in the log itself. A record of a transaction waits for
 * its producer's marker, and all that came after it waits too, so the order stays. Meant for reading up to the last
 * stable offset, where every marker is there or comes with the next fetch. kafkajs' own filter trusts a list that
 * it reads wrongly: aborted records get through, committed ones may be lost.
 */
export class CommittedFilter {
  readonly #waiting: Held[] = [];
  readonly #open = new Map<string, Held[]>();
  #bytes = 0;
  #seen: number;

  constructor(
    from: number,
    /** Waiting records take at most so many bytes; a transaction that is larger, with all that lies between, is an error. */
    readonly bytesMax = 64 * 2 ** 20,
  ) {
    this.#seen = from;
  }

  /** Bytes of the records that wait for a marker. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** The offset after the last record seen, whether decided or not: where to fetch next. */
  get seen(): number {
    return this.#seen;
  }

  /** Below it everything is decided and has been given out. */
  get next(): number {
    return this.#waiting[0]?.record.offset ?? this.#seen;
  }

  /** Takes records in the order of the log; what lies below `seen` was taken before and is passed over. */
  push(raws: readonly RawRecord[]): Decided {
    for (const raw of raws) {
      const offset = offsetOf(raw.offset);
      if (offset < this.#seen) continue;
      this.#seen = offset + 1;
      if (raw.isControlRecord) this.#mark(raw);
      else this.#take(offset, raw);
    }
    const { firstOffset, lastOffsetDelta } = raws.at(-1)?.batchContext ?? {};
    // What compaction removed from the end of a batch is passed over with it.
    if (firstOffset !== undefined && lastOffsetDelta !== undefined)
      this.#seen = Math.max(this.#seen, offsetOf(firstOffset) + lastOffsetDelta + 1);
    return this.#release();
  }

  #mark({ key, batchContext }: RawRecord): void {
    const producerId = batchContext?.producerId ?? '';
    const held = this.#open.get(producerId);
    // The key of a marker: version int16, type int16; 0 is abort, 1 is commit, others concern nobody here.
    const type = key && key.length >= 4 ? key.readInt16BE(2) : -1;
    if (type !== 0 && type !== 1) return;
    this.#open.delete(producerId);
    for (const one of held ?? []) one.state = type === 1 ? 'committed' : 'aborted';
  }

  #take(offset: number, raw: RawRecord): void {
    const record: KafkaRecord = {
      offset,
      key: raw.key,
      value: raw.value,
      headers: raw.headers ?? {},
      timestampMs: Number(raw.timestamp),
    };
    const { producerId = '', inTransaction = false } = raw.batchContext ?? {};
    const held: Held = { record, producerId, state: inTransaction ? 'open' : 'committed' };
    this.#waiting.push(held);
    this.#bytes += bytesOf(record);
    if (!inTransaction) return;
    const open = this.#open.get(producerId);
    if (open) open.push(held);
    else this.#open.set(producerId, [held]);
  }

  #release(): Decided {
    const waiting = this.#waiting;
    const first = waiting.findIndex(({ state }) => state === 'open');
    const done = waiting.splice(0, first < 0 ? waiting.length : first);
    const records: KafkaRecord[] = [];
    for (const { record, state } of done) {
      this.#bytes -= bytesOf(record);
      if (state === 'committed') records.push(record);
    }
    if (this.#bytes > this.bytesMax) {
      throw new RangeError(
        `${this.#bytes} bytes from offset ${waiting[0].record.offset} on wait for the end of a transaction of producer ` +
          `${waiting[0].producerId}, the limit is ${this.bytesMax}: raise heldBytesMax above the largest transaction`,
      );
    }
    return { records, next: this.next };
  }
}

function bytesOf({ key, value }: KafkaRecord): number {
  return 64 + (key?.length ?? 0) + (value?.length ?? 0);
}
