import { expect, test } from 'vitest';
import { frame, freeze } from '../../../state/checkpoint.js';
import { sealed } from '../../../state/stores/sealed.js';
import { sampleCheckpoint } from '../samples.js';

test('gives the bytes of `frame`, and lets others go on between two slices', async () => {
  const checkpoint = sampleCheckpoint();
  let turns = 0;
  let over = false;
  const others = (async () => {
    for (; !over; turns++) await new Promise((resolve) => setImmediate(resolve));
  })();
  const bytes = await sealed(freeze(checkpoint));
  over = true;
  await others;
  expect(Buffer.compare(bytes, frame(checkpoint))).toBe(0);
  // One slice at least for every table.
  expect(turns).toBeGreaterThanOrEqual(Object.values(checkpoint.stages).flatMap(Object.values).length);
});
