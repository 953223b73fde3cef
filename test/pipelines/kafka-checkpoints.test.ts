import { expect, test } from 'vitest';
import { Checkpoints } from '../../pipelines/kafka-checkpoints.js';
import type { TaskEvent } from '../../pipelines/kafka-world.js';
import type { Checkpoint } from '../../state/checkpoint.js';

const checkpoint = (next: number): Checkpoint => ({
  shard: 's',
  next,
  ended: false,
  pipeline: 'p',
  stages: {},
  sinks: {},
});

function stand(passedMs = 0, everyMs = 1000) {
  const events: TaskEvent[] = [];
  const at = { now: 0, events, saved: [] as number[], finish: (_error?: Error): void => {} };
  const store = {
    load: async () => undefined,
    save({ next }: Checkpoint) {
      at.saved.push(next);
      // Encoding takes 3 ms, writing as long as the test likes.
      at.now += 3;
      return new Promise<void>((resolve, reject) => {
        at.finish = (error) => (error ? reject(error) : resolve());
      });
    },
  };
  const world = { onEvent: (event: TaskEvent) => void events.push(event), nowMs: () => at.now };
  return { at, checkpoints: new Checkpoints({ store, everyMs, everyRows: 50 }, world, -1, passedMs) };
}

test('due by time or by records, not while one is on its way, not where nothing has changed', async () => {
  const { at, checkpoints } = stand(400);
  expect(checkpoints.due(5)).toBe(false);
  at.now = 600;
  expect(checkpoints.due(5)).toBe(true);
  checkpoints.begin(() => checkpoint(5));
  at.now += 5000;
  checkpoints.add(60);
  expect(checkpoints.due(9)).toBe(false);
  at.finish();
  await checkpoints.ended();
  expect([checkpoints.due(5), checkpoints.due(9), checkpoints.unsaved]).toEqual([false, true, 60]);
  expect(at.events).toEqual([{ type: 'checkpoint', next: 5, ms: 5003, pauseMs: 3, bytes: 0 }]);
});

test('one that is hurried is due a second after the one before, and the next as ever', async () => {
  const { at, checkpoints } = stand(0, 30_000);
  checkpoints.hurry();
  at.now = 999;
  expect(checkpoints.due(5)).toBe(false);
  at.now = 1000;
  expect(checkpoints.due(5)).toBe(true);
  checkpoints.begin(() => checkpoint(5));
  at.finish();
  await checkpoints.ended();
  at.now += 29_000;
  expect(checkpoints.due(9)).toBe(false);
  at.now += 1000;
  expect(checkpoints.due(9)).toBe(true);
});

test('one that fails is told, and the next one is tried when it is due', async () => {
  const { at, checkpoints } = stand();
  checkpoints.begin(() => checkpoint(5));
  at.finish(new Error('no space'));
  await checkpoints.ended();
  expect(at.events).toMatchObject([{ type: 'checkpoint-failed', next: 5, error: { message: 'no space' } }]);
  expect(checkpoints.saved).toBe(-1);
  at.now += 1000;
  expect(checkpoints.due(6)).toBe(true);
});

test('without a store none is ever due', () => {
  const world = { onEvent() {}, nowMs: () => 1e9 };
  expect(new Checkpoints({ store: undefined, everyMs: 1, everyRows: 1 }, world, -1, 0).due(5)).toBe(false);
});
