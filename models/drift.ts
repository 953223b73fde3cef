import { f64, type Row } from '../state/layout.js';

/** Weight of the newest loss in the mean and the variance that losses are held against. */
const usualRate = 0.002;
/** Losses before it judges. */
const warmRows = 50;
/** Deviations above the mean that are usual, and those that one loss may count. */
const slack = 0.25;
const countMax = 4;
/** Deviations that must have gathered before it alarms, one row ahead; a quarter more for each further row. */
const alarmAt = 30;
const alarmPerRow = 0.25;

/**
 * Page's test for a rise of losses, one for each horizon (Page, Continuous inspection schemes; Hinkley): losses are told in
 * deviations z from their own running mean, and
 *   m <- max(0, m + min(z, 4) - 1/4),   alarm and m <- 0 where m > 30 (1 + (h - 1)/4)
 * Errors of forecasts h rows ahead come in runs of h rows, so longer horizons wait for more. Bounded: four numbers a
 * horizon. Weak where losses rise by less than a quarter of their deviation: that it never tells.
 */
export function driftDetector(horizons: readonly number[]) {
  const count = horizons.length;
  const layout = { rows: f64(count), mean: f64(count), variance: f64(count), gathered: f64(count) };
  return {
    layout,
    /** Takes in the next loss of the i-th horizon, at least 0; whether losses have risen. */
    see(own: Row<typeof layout>, i: number, loss: number): boolean {
      const rows = ++own.rows[i];
      const gap = loss - own.mean[i];
      let alarm = false;
      if (rows > warmRows) {
        const deviation = Math.sqrt(own.variance[i]) + 1e-9;
        const gathered = Math.max(0, own.gathered[i] + Math.min(gap / deviation, countMax) - slack);
        alarm = gathered > alarmAt * (1 + (horizons[i] - 1) * alarmPerRow);
        own.gathered[i] = alarm ? 0 : gathered;
      }
      const rate = Math.max(1 / rows, usualRate);
      own.mean[i] += rate * gap;
      own.variance[i] += rate * (gap * gap - own.variance[i]);
      return alarm;
    },
  };
}
