import type { Clock } from '../../pipelines/pace.js';

/** Whoever was woken and has not gone to sleep again after so many times of quiet is taken to be gone, or to wait for the test. */
const awakeTurns = 30;

/** A clock that a test turns: who sleeps is woken in order of time, and all that follows from it is done first. */
export class HandClock implements Clock {
  #nowMs: number;
  readonly #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  /** How many were woken and do not sleep again yet. */
  #awake = 0;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (stop.aborted) return resolve();
      this.#awake = Math.max(0, this.#awake - 1);
      const sleeper = {
        atMs: this.#nowMs + ms,
        wake: () => {
          stop.removeEventListener('abort', interrupt);
          this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
          this.#awake++;
          resolve();
        },
      };
      const interrupt = (): void => sleeper.wake();
      this.#sleepers.push(sleeper);
      stop.addEventListener('abort', interrupt);
    });
  }

  /** Lets so much time pass, step by step; what happens between two steps has so many quiet turns to come to its end. */
  async pass(ms: number, turns?: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.#settled(turns);
    for (;;) {
      const next = this.#sleepers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      await this.#settled(turns);
    }
    this.#nowMs = untilMs;
    await this.#settled(turns);
  }

  /** Time must not go on while somebody whom it woke is still at work: he would sleep from a later time on. */
  async #settled(turns?: number): Promise<void> {
    for (let tries = 0; tries < awakeTurns; tries++) {
      await settled(turns);
      if (this.#awake === 0) return;
    }
    this.#awake = 0;
  }
}

/** Files of this process have answered, however busy the disk is, and sockets have had time to. */
export async function settled(turns = 6): Promise<void> {
  const busy = (): boolean => process.getActiveResourcesInfo().some((name) => /^(FSReq|FileHandleClose)/.test(name));
  for (let quiet = 0; quiet < turns; quiet = busy() ? 0 : quiet + 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise(setImmediate);
  }
}
