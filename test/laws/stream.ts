import type { Event } from '../../event.js';
import { chance, normal } from '../chance.js';

/** Rows of each key: enough for seasons to be found twice. */
const rows = 280;

/**
 * Two keys taking turns, two channels each: a season of 24 rows with noise, gaps, missing channels, a spike, a constant
 * stretch, a shift of level, values near 1e9, and times that now and then stand still or leap.
 */
export function disturbedStream(seed = 4): Event[] {
  const random = chance(seed);
  let timeMs = Date.UTC(2026, 0, 1);
  return Array.from({ length: 2 * rows }, (_, offset) => {
    const t = offset >> 1;
    const key = offset % 2 === 0 ? 'pump-1' : 'pump-2';
    timeMs += t % 50 === 20 ? 5 * 60_000 : t % 70 === 30 ? 0 : 60_000;
    const season = 10 * Math.sin((2 * Math.PI * t) / 24) + normal(random);
    const first = t === 150 ? 1e6 : t > 180 && t < 200 ? 7 : season + (t > 220 ? 40 : 0);
    const second = t % 11 === 3 ? Number.NaN : 1e9 + 1e6 * season;
    return { key, timeMs, values: t % 31 === 8 ? [Number.NaN, Number.NaN] : [first, second], offset };
  });
}

/**
 * Two keys of one channel, noise long enough for a detector to call something strange: spikes in turn, one of them again in
 * the middle of an incident of the other key, and a shift of level that stays.
 */
export function strangeStream(seed = 5): Event[] {
  const random = chance(seed);
  return Array.from({ length: 1300 }, (_, offset) => {
    const t = offset >> 1;
    const first = offset % 2 === 0;
    const wrong = first ? t === 420 || t === 530 || t > 600 : t === 440 || t === 535;
    const value = normal(random) + (wrong ? 40 : 0);
    return { key: first ? 'pump-1' : 'pump-2', timeMs: Date.UTC(2026, 0, 1) + 60_000 * t, values: [value], offset };
  });
}
