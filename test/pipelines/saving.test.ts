import { expect, test } from 'vitest';
import { Saving } from '../../pipelines/saving.js';

test('a save ends later, and its failure is told at the next look and at the end, each time', async () => {
  const saving = new Saving();
  saving.check();
  await saving.ended();
  const done: string[] = [];
  let end = (): void => {};
  saving.begin(
    new Promise((resolve) => {
      end = resolve;
    }),
    () => void done.push('first'),
  );
  saving.check();
  expect(done).toEqual([]);
  end();
  await saving.ended();
  expect(done).toEqual(['first']);

  saving.begin(Promise.reject(new Error('no space')), () => void done.push('second'));
  await saving.quiet();
  expect(() => saving.check()).toThrow('no space');
  await expect(saving.ended()).rejects.toThrow('no space');
  expect(done).toEqual(['first']);
});
