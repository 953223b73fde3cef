import type { Clock } from '../../pipelines/pace.js';

/** A clock that a test turns: who sleeps is woken in order of time, and all that follows from it is done first. */
export class HandClock implements Clock {
  #nowMs: number;
  readonly #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (stop.aborted) return resolve();
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      stop.addEventListener('abort', () => {
        const at = this.#sleepers.indexOf(sleeper);
        if (at >= 0) this.#sleepers.splice(at, 1);
        resolve();
      });
    });
  }

  /** Lets so much time pass, step by step; `settle` gives real work between two steps its time. */
  async pass(ms: number, settle: () => Promise<void> = settled): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#sleepers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      next.wake();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Files of this process have answered, however busy the disk is, and sockets have had time to. */
export async function settled(turns = 6): Promise<void> {
  const busy = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
  for (let quiet = 0; quiet < turns; quiet = busy() ? 0 : quiet + 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise(setImmediate);
  }
}
