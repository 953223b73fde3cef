import { TooManyRejects } from './kafka-restore.js';

/** Records a share is taken of. */
const windowRecords = 1000;

/** Stops a task that refuses so many records that the mapping is more likely wrong than the records. */
export class Breaker {
  #records = 0;
  #rejects = 0;

  constructor(
    readonly shard: string,
    /** Above this share of refused records, over a thousand, the circuit breaks. */
    readonly shareMax = 0.5,
  ) {}

  /** Counts records before offset `next`; throws `TooManyRejects`. */
  count(records: number, rejects: number, next: number): void {
    this.#records += records;
    this.#rejects += rejects;
    if (this.#records < windowRecords) return;
    if (this.#rejects > this.#records * this.shareMax) {
      throw new TooManyRejects(this.shard, next, this.#rejects, this.#records, this.shareMax);
    }
    this.#records = 0;
    this.#rejects = 0;
  }
}
