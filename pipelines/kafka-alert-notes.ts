import type { AlertJournal, Found } from '../connectors/alerts/journal.js';
import type { Delivery } from '../connectors/alerts/sink.js';
import type { Outgoing } from '../connectors/kafka/record.js';

export interface TopicNotesOptions {
  readonly topic: string;
  readonly partition: number;
  /** Before the number of each note: nobody else's begin with it. */
  readonly prefix: string;
  /** What the topic holds of this queue, by key. */
  readonly found: ReadonlyMap<string, Buffer>;
  /** Takes records that are to be written with the next commit of the partition. */
  readonly put: (rows: readonly Outgoing[]) => void;
  readonly ready: () => Promise<void>;
  /** Keeps what a receiver refuses for good; it may `put` that, to be committed with the note that it went. */
  readonly keepRefused?: ((delivery: Delivery, error: string) => Promise<void>) | undefined;
  /** Bytes of a record at most: below what the topic takes. */
  readonly chunkBytes?: number;
}

/** A note, or a piece of a snapshot, which makes all notes before it needless. */
type Stored = { readonly note: unknown } | { readonly part: number; readonly parts: number; readonly text: string };

/**
 * The journal of a queue as records of a compacted topic, written in the transactions of the partition it belongs to: it
 * moves with the partition, and who has lost the partition can write no more into it.
 */
export class TopicNotes implements AlertJournal {
  /** Number of the next note, and of the first that is still needed. */
  #next = 0;
  #first = 0;
  bytes = 0;
  snapshotBytes = 0;

  constructor(readonly options: TopicNotesOptions) {}

  async keepRefused(delivery: Delivery, error: string): Promise<void> {
    await this.options.keepRefused?.(delivery, error);
  }

  ready(): Promise<void> {
    return this.options.ready();
  }

  open(): Promise<Found> {
    const { found, prefix } = this.options;
    const stored = [...found]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ number: Number(key.slice(prefix.length)), value }))
      .sort((a, b) => a.number - b.number);
    this.#first = stored[0]?.number ?? 0;
    this.#next = (stored.at(-1)?.number ?? -1) + 1;
    let records: unknown[] = [];
    let pieces: string[] = [];
    for (const { value } of stored) {
      const one = JSON.parse(value.toString('utf8')) as Stored;
      this.bytes += value.length;
      if ('note' in one) {
        records.push(one.note);
        continue;
      }
      pieces = one.part === 0 ? [one.text] : [...pieces, one.text];
      // Without transactions a snapshot may lack its end: then the notes before it are still there.
      if (one.part !== one.parts - 1 || pieces.length !== one.parts) continue;
      records = [JSON.parse(pieces.join('')) as unknown];
    }
    return Promise.resolve({ records, spoiltBytes: 0 });
  }

  append(records: readonly unknown[]): Promise<void> {
    this.options.put(records.map((note) => this.#row({ note })));
    return Promise.resolve();
  }

  /** Durable with the commit of what was put, which `ready` waits for before anything is handed on. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  compact(snapshot: unknown): Promise<void> {
    const { chunkBytes = 256 * 1024, put } = this.options;
    const text = JSON.stringify(snapshot);
    const parts = Math.max(1, Math.ceil(text.length / chunkBytes));
    const [from, to] = [this.#first, this.#next];
    this.bytes = 0;
    this.#first = to;
    const pieces = Array.from({ length: parts }, (_, part) =>
      this.#row({ part, parts, text: text.slice(part * chunkBytes, (part + 1) * chunkBytes) }),
    );
    const gone = Array.from({ length: to - from }, (_, i) => this.#record(from + i, null));
    this.snapshotBytes = this.bytes;
    this.bytes = 0;
    put([...pieces, ...gone]);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #row(stored: Stored): Outgoing {
    const value = Buffer.from(JSON.stringify(stored));
    this.bytes += value.length;
    return this.#record(this.#next++, value);
  }

  #record(number: number, value: Buffer | null): Outgoing {
    const { topic, partition, prefix } = this.options;
    return { topic, partition, key: Buffer.from(`${prefix}${number}`), value, headers: {} };
  }
}
