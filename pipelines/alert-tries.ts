import { crc32 } from 'node:zlib';
import { Refused, TryAgain } from '../connectors/alerts/sink.js';
import type { QueueOptions } from './alert-queue.js';

/** A receiver that asks for more than this is not believed. */
const askedMostMs = 3_600_000;

/** When the next delivery may go: after failures later and later, and no more of them in a time than the rate allows. */
export class AlertTries {
  #attempt = 0;
  /** Since when the receiver wants to be mended; anew in each process, and for each delivery that was given up. */
  #unmendedMs: number | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Times of the latest deliveries, for the rate. */
  readonly #sent: number[] = [];

  constructor(
    readonly name: string,
    readonly options: Pick<QueueOptions, 'backoffMs' | 'patienceMs' | 'rate'>,
  ) {}

  notBeforeMs(nowMs: number): number {
    return Math.max(this.#notBeforeMs, this.#rateMs(nowMs));
  }

  /** How long a delivery that has failed waits; undefined where it is given up: refused, or too long in the way of others. */
  failed(error: Error, nowMs: number): number | undefined {
    if (this.#isFinal(error, nowMs)) return undefined;
    const { first, most } = this.options.backoffMs ?? { first: 1000, most: 300_000 };
    const longer = Math.min(most, first * 2 ** Math.min(this.#attempt, 30));
    // Queues that fail together must not come back together: between half and all of it, by name and attempt.
    const jitter = crc32(`${this.name} ${this.#attempt}`) / 2 ** 32;
    const askedMs = error instanceof TryAgain ? Math.min(error.afterMs ?? 0, askedMostMs) : 0;
    const waitMs = Math.max(longer * (0.5 + jitter / 2), askedMs);
    this.#attempt++;
    this.#notBeforeMs = nowMs + waitMs;
    return waitMs;
  }

  /** A delivery has gone, or was given up. */
  went(nowMs: number): void {
    this.#attempt = 0;
    this.#unmendedMs = undefined;
    if (this.options.rate) this.#sent.push(nowMs);
  }

  #rateMs(nowMs: number): number {
    const { rate } = this.options;
    if (!rate) return Number.NEGATIVE_INFINITY;
    while (this.#sent.length > 0 && this.#sent[0] <= nowMs - rate.perMs) this.#sent.shift();
    return this.#sent.length < rate.count ? Number.NEGATIVE_INFINITY : this.#sent[0] + rate.perMs;
  }

  #isFinal(error: Error, nowMs: number): boolean {
    if (error instanceof Refused) return true;
    if (!(error instanceof TryAgain) || !error.untilMended) return false;
    const { patienceMs = 86_400_000 } = this.options;
    this.#unmendedMs ??= nowMs;
    return nowMs - this.#unmendedMs >= patienceMs;
  }
}
