import { expect, test } from 'vitest';
import { Saving } from '../../pipelines/saving.js';

test('a save ends later, and its failure is told at the next look and at the end, each time', async () => {
  const saving = new Saving();
  await saving.check();
  await saving.ended();
  const done: string[] = [];
  let end = (): void => {};
  saving.begin(
    new Promise((resolve) => {
      end = resolve;
    }),
    () => void done.push('first'),
  );
  await saving.check();
  expect(done).toEqual([]);
  end();
  await saving.ended();
  expect(done).toEqual(['first']);

  saving.begin(Promise.reject(new Error('no space')), () => void done.push('second'));
  await saving.quiet();
  await expect(saving.check()).rejects.toThrow('no space');
  await expect(saving.ended()).rejects.toThrow('no space');
  expect(done).toEqual(['first']);
});

test('while a save is on its way, a look gives it its turn', async () => {
  const saving = new Saving();
  let turns = 0;
  const save = async (): Promise<void> => {
    for (; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  };
  let done = false;
  saving.begin(save(), () => {
    done = true;
  });
  // A run that only looks: nothing else lets the event loop turn.
  for (let looks = 0; looks < 10 && !done; looks++) await saving.check();
  expect([turns, done]).toEqual([5, true]);
});
