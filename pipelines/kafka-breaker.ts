import type { Reject } from '../event.js';
import { TooManyRejects } from './kafka-restore.js';

/** Records a share is taken of. */
const windowRecords = 1000;
/** Of what is said of a record. */
const textMax = 200;

/** Stops a task that refuses so many records that the mapping is more likely wrong than the records. */
export class Breaker {
  #records = 0;
  #rejects = 0;
  /** For each reason how often it came, and the first record that gave it. */
  #reasons = new Map<string, { times: number; readonly first: Reject }>();

  constructor(
    readonly shard: string,
    /** Above this share of refused records, over a thousand, the circuit breaks. */
    readonly shareMax = 0.5,
  ) {}

  /** Counts records before offset `next`, and which of them were refused; throws `TooManyRejects`. */
  count(records: number, rejects: readonly Reject[], next: number): void {
    this.#records += records;
    this.#rejects += rejects.length;
    for (const first of rejects) {
      const name = `${first.stage}/${first.reason}`;
      const known = this.#reasons.get(name);
      if (known) known.times++;
      else this.#reasons.set(name, { times: 1, first });
    }
    if (this.#records < windowRecords) return;
    if (this.#rejects > this.#records * this.shareMax) {
      throw new TooManyRejects(this.shard, next, this.#rejects, this.#records, this.shareMax, this.#commonest());
    }
    this.#records = 0;
    this.#rejects = 0;
    this.#reasons = new Map();
  }

  /** None of them need have become a dead letter yet, so it is said here. */
  #commonest(): string {
    const [[name, { times, first }]] = [...this.#reasons].sort(([, a], [, b]) => b.times - a.times);
    return `${name}, ${times} times, first at offset ${first.offset} (${first.message.slice(0, textMax)})`;
  }
}
