import { expect, test } from 'vitest';
import { HandClock } from './hand-clock.js';

const startMs = Date.UTC(2026, 0, 1);
const never = new AbortController().signal;
const work = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('time does not go on while somebody whom it woke is at work, whatever the work is', async () => {
  const clock = new HandClock(startMs);
  const woken: number[] = [];
  void (async () => {
    for (;;) {
      await clock.sleep(10_000, never);
      woken.push(clock.nowMs() - startMs);
      await work(40);
    }
  })();
  await clock.pass(35_000);
  expect(woken).toEqual([10_000, 20_000, 30_000]);
});

test('who is interrupted is awake too, and who never sleeps again is not waited for without end', async () => {
  const clock = new HandClock(startMs);
  const stop = new AbortController();
  const slept: number[] = [];
  void (async () => {
    await clock.sleep(3_600_000, stop.signal);
    await work(40);
    await clock.sleep(1000, never);
    slept.push(clock.nowMs() - startMs);
  })();
  stop.abort();
  await clock.pass(60_000);
  expect(slept).toEqual([1000]);
  await clock.pass(60_000);
  expect(clock.nowMs()).toBe(startMs + 120_000);
});
