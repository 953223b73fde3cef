/** What comes so long before the newest time may be late; so many rows in a row that do say that time has begun anew. */
export const anewMs = 3_600_000;
const anewRows = 100;
/** A row so long after the newest time is believed when the next one says the same. */
const leapMs = 86_400_000;

/**
 * How far event time has come: the newest of any row, but for one alone that leaps more than a day ahead. A hundred rows in a
 * row that lie more than an hour before it take it back to theirs: it was a wrong one, or another key of a log that is sorted
 * by keys. A function of the rows, however cut.
 */
export class EventClock {
  nowMs = Number.NEGATIVE_INFINITY;
  #behind = 0;
  #behindMs = Number.NEGATIVE_INFINITY;
  /** Time of the row before, if it leapt ahead. */
  #leaptMs = Number.POSITIVE_INFINITY;

  see(timeMs: number): void {
    const believed = timeMs <= this.nowMs + leapMs || this.nowMs === Number.NEGATIVE_INFINITY;
    if (!believed && timeMs < this.#leaptMs - anewMs) {
      this.#leaptMs = timeMs;
      return;
    }
    this.#leaptMs = Number.POSITIVE_INFINITY;
    if (timeMs >= this.nowMs - anewMs) {
      this.nowMs = Math.max(this.nowMs, timeMs);
      this.#behind = 0;
      this.#behindMs = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#behindMs = Math.max(this.#behindMs, timeMs);
    if (++this.#behind < anewRows) return;
    this.nowMs = this.#behindMs;
    this.#behind = 0;
    this.#behindMs = Number.NEGATIVE_INFINITY;
  }
}
