import { cutBatch } from '../connectors/cut.js';
import { type Batch, type Event, recordOf } from '../event.js';

/** Real time, or a hand-turned one in tests. */
export interface Clock {
  nowMs(): number;
  /** Resolves after `ms`, or at once when `stop` is raised. */
  sleep(ms: number, stop: AbortSignal): Promise<void>;
}

export const wallClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, stop) =>
    new Promise((resolve) => {
      if (stop.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        stop.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      stop.addEventListener('abort', done);
    }),
};

/** Lets events pass `speed` times as fast as they happened: batches are cut where the next event is not yet due. */
export async function* pace(
  batches: AsyncIterable<Batch<Event>>,
  speed: number,
  clock: Clock,
  stop: AbortSignal,
): AsyncIterable<Batch<Event>> {
  let start: { eventMs: number; clockMs: number } | undefined;
  for await (const batch of batches) {
    let from = 0;
    let rest = batch;
    for (let i = 0; i < batch.rows.length && !stop.aborted; i++) {
      const { timeMs, offset } = batch.rows[i];
      start ??= { eventMs: timeMs, clockMs: clock.nowMs() };
      const waitMs = (timeMs - start.eventMs) / speed - (clock.nowMs() - start.clockMs);
      if (waitMs <= 0) continue;
      // Rows of one record stay together.
      if (i > from && recordOf(offset) > recordOf(batch.rows[i - 1].offset)) {
        const [first, second] = cutBatch(rest, i - from, recordOf(offset));
        yield first;
        [rest, from] = [second, i];
      }
      await clock.sleep(waitMs, stop);
    }
    if (stop.aborted) return;
    yield rest;
  }
}
