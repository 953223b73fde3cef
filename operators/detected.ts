import type { Event } from '../event.js';
import type { About } from './evidence/about.js';
import type { Reasons } from './evidence/judge.js';

/** What `detect` needs to know of an event: how it lay in the distribution that was forecast for it. */
export interface Judged extends Event {
  /** Per channel the two-sided tail probability of the value, NaN while it is unknown or the value is missing. */
  readonly tail: ArrayLike<number>;
  /** Per channel the value that was forecast; with `evidence: 'all'` its error is evidence. */
  readonly expected?: ArrayLike<number>;
  /** Per channel the band that was forecast; with `evidence: 'conformal'` errors are measured by it. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** Put in by `align`: nothing was reported here, so no value can be strange. */
  readonly filled?: boolean;
}

/** An event with the two outputs of a detector: a continuous score, and an alarm. */
export interface Detected {
  /**
   * Calibrated probability of a row at least this strange; 1 while warming up and where nothing is known. With all
   * evidence it is about the last hundred rows (for the first 520, about what is new); with `conformal` it is of the row alone.
   * With both it is at an alarm not above the budget.
   */
  readonly score: number;
  /** Something strange has begun: with all evidence it is told once, and again only when it gets worse. */
  readonly alarm: boolean;
  /** The key is, at this row, in a state unlike those that were normal; with other evidence, it alarms. */
  readonly abnormal: boolean;
  /** How notable it is what begins here, in nats above what the key shows of late, whatever the budget; 0 at most rows. */
  readonly onset: number;
  /**
   * Rows left until this key is judged; with `conformal` until a row that is strange alone can alarm, which its rank must be
   * fine enough for. What lasts can alarm there as soon as `warmupRows` are over.
   */
  readonly warmup: number;
  /** At an alarm of all evidence, what was new. */
  readonly reasons?: Reasons;
  /** At an alarm, which rows it is about. */
  readonly about?: About;
  /**
   * Rows back to the first of the strange rows that this one goes on with: 0 where it stands alone, −1 where it is not strange: not even
   * as strange as one in ten is.
   */
  readonly run: number;
  /** After an alarm of all evidence: this row keeps what alarmed out of the range it had. */
  readonly holds?: true;
}
