import type { Recent } from './recent.js';

/** What the largest step of a hundred normal ones comes to, in mean steps; and how far a key is taken to be heavier. */
const normalRatio = 3.5;
const most = 4;

/**
 * How much larger outbreaks of a key are expected to be than those of one with normal steps, from its first rows: the
 * square of the largest step between them over the mean step, as a share of what it is for normal ones, 1 to 4. Rows
 * without a step say nothing. Where tails are heavy the next extreme lies far beyond the last one, and that is no news.
 */
export function heaviness({ ring, count }: Recent): number {
  const rows = Math.min(count[0], ring.length);
  let sum = 0;
  let steps = 0;
  let largest = 0;
  for (let i = 1; i < rows; i++) {
    const step = Math.abs(ring[(count[0] - i) % ring.length] - ring[(count[0] - i - 1) % ring.length]);
    if (!(step > 0)) continue;
    sum += step;
    steps++;
    largest = Math.max(largest, step);
  }
  const ratio = steps > 0 ? largest / (sum / steps) / normalRatio : 1;
  return Math.max(1, Math.min(most, ratio * ratio));
}
