import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How late timers of this process fire, over the last one to two windows: over a whole life a quantile stands still in the end. */
export class LoopDelay {
  #older: IntervalHistogram;
  #newer: IntervalHistogram;
  readonly #timer: NodeJS.Timeout;

  constructor(windowMs = 60_000) {
    this.#older = begun();
    this.#newer = begun();
    this.#timer = setInterval(() => {
      this.#older.disable();
      this.#older = this.#newer;
      this.#newer = begun();
    }, windowMs).unref();
  }

  /** The delay in seconds that a share of the timers did not exceed. */
  quantile(share: number): number {
    return this.#older.percentile(100 * share) / 1e9;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#older.disable();
    this.#newer.disable();
  }
}

function begun(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  return histogram;
}
