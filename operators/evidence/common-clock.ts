import { f64, type Row } from '../../state/layout.js';

/** How fast rows of any key come. Rows of one moment are counted when it is over, so all keys in it see the same pace. */
export const commonClockLayout = {
  /** The newest moment, and its rows so far. */
  lastMs: f64(),
  here: f64(),
  /** Time, rows and moments before it; what is older counts less. */
  ms: f64(),
  rows: f64(),
  moments: f64(),
};
export type CommonClock = Row<typeof commonClockLayout>;

/** Rows in which the past fades, and moments that must pass for it however many rows each has. */
const memoryRows = 1000;
const memoryMoments = 50;
/** A pause counts at most as so many times from moment to moment: no credit grows while nothing comes. */
const pauseMax = 100;

export function tickCommon({ lastMs, here, ms, rows, moments }: CommonClock, timeMs: number): void {
  if (here[0] > 0 && timeMs > lastMs[0]) {
    const gapMs = timeMs - lastMs[0];
    const most = moments[0] > 0 ? (pauseMax * ms[0]) / moments[0] : gapMs;
    const keep = 1 - Math.min(1 / memoryMoments, here[0] / memoryRows);
    ms[0] = keep * ms[0] + Math.min(gapMs, most);
    rows[0] = keep * rows[0] + here[0];
    moments[0] = keep * moments[0] + 1;
    here[0] = 0;
  }
  lastMs[0] = Math.max(lastMs[0], timeMs);
  here[0]++;
}

/** Mean time from row to row of any key; 0 until time has passed. */
export const commonStepMs = ({ ms, rows }: CommonClock): number => (rows[0] > 0 ? ms[0] / rows[0] : 0);
