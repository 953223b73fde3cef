import type { Result } from '../../event.js';
import { chance } from '../chance.js';

export const shape = { shard: 's', channels: ['flow', 'score'], horizons: [1, 48], levels: [0.01, 0.5, 0.99] };

/** Results as a pipeline would make them, with missing values here and there. */
export function results(count: number, seed = 1): Result[] {
  const random = chance(seed);
  const number = () => (random() < 0.1 ? Number.NaN : random() * 100 - 50);
  const numbers = (length: number) => Float64Array.from({ length }, number);
  return Array.from({ length: count }, (_, offset) => ({
    key: `sensor-${offset % 3}-é`,
    timeMs: Date.UTC(2020, 0) + offset * 60_000,
    offset,
    values: [number(), number()],
    surprise: number(),
    score: random(),
    alarm: random() < 0.2,
    forecast: { horizons: shape.horizons, levels: shape.levels, mean: numbers(4), quantiles: numbers(12) },
  }));
}
