import type { Alert } from '../event.js';
import { AlertBook } from './alert-book.js';
import type { Timing } from './alert-group.js';
import { comeTo, comeToChange } from './alert-pace.js';

/** Counts the messages that people would have had of alerts told in one group: by the code and the time of a replay. */
export class AlertMessages {
  readonly #book = new AlertBook('grouped');
  messages = 0;
  /** Alerts that were in any of them. */
  readonly told = new Set<string>();

  constructor(readonly timing: Timing) {}

  /** A change has come, when event time had come so far. */
  accept(alert: Alert, eventMs: number): void {
    if (this.#book.knows(alert)) return;
    const { atMs } = comeToChange(this.#book, { timeMs: eventMs });
    this.#hear();
    this.#book.accept(alert, 'all', {}, this.timing, atMs);
  }

  advance(eventMs: number): void {
    comeTo(this.#book, eventMs);
    this.#hear();
  }

  /** The log is complete: what waits is told. */
  end(): void {
    comeTo(this.#book, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true);
    this.#hear();
  }

  #hear(): void {
    while (this.#book.sealedAlerts > 0) {
      const taken = this.#book.take(Number.NEGATIVE_INFINITY);
      if (!taken) return;
      this.messages++;
      for (const [id] of taken.receipt.told) this.told.add(id);
      this.#book.delivered(taken.receipt, Number.NEGATIVE_INFINITY);
    }
  }
}
