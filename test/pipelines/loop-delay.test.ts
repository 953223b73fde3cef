import { expect, test } from 'vitest';
import { LoopDelay } from '../../pipelines/loop-delay.js';

test('a delay is shown for the windows it was in, and no longer', async () => {
  const delay = new LoopDelay(400);
  const blockedMs = 1500;
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const until = performance.now() + blockedMs; performance.now() < until; );
  await expect.poll(() => delay.quantile(1), { interval: 5 }).toBeGreaterThan(blockedMs / 2000);
  await expect.poll(() => delay.quantile(1), { timeout: 30_000 }).toBeLessThan(blockedMs / 2000);
  delay.close();
});
