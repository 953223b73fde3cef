import { type Field, f64, type Row } from '../../state/layout.js';

/** Rows over which channels are averaged, so that states are compared and not single rows. */
const spanRows = 20;
/** Rows that are taken as normal before a state is called abnormal: for each channel, and at least. */
const rowsPerChannel = 50;
const normalRowsMin = 400;
/** What was far for no longer than this was chance, and is normal from then on. */
const chanceRows = 40;
/** Variance that a channel has at least, in its own variances. */
const ridge = 0.001;
/** Share in which an abnormal state is learnt: what lasts becomes normal in the end. */
const leastWeight = 0.01;
/** An abnormal state counts in the highest distance of normal ones by this much a row. */
const leak = 0.0002;

/** What the joint state of a key's channels looks like when all is well. */
export const regimeLayout = (
  channels: number,
): Record<'rows' | 'level' | 'mean' | 'covariance' | 'highest' | 'lasted' | 'peak', Field<'f64'>> => ({
  rows: f64(),
  level: f64(channels),
  mean: f64(channels),
  covariance: f64(channels * channels),
  /** The greatest distance of a normal state. */
  highest: f64(),
  /** Rows that the state has been abnormal for, and the greatest distance since. */
  lasted: f64(),
  peak: f64(),
});
export type Regime = Row<ReturnType<typeof regimeLayout>>;

/** Room for one computation. */
export interface RegimeRoom {
  readonly offset: Float64Array;
  readonly factor: Float64Array;
  readonly solved: Float64Array;
}
export const regimeRoom = (channels: number): RegimeRoom => ({
  offset: new Float64Array(channels),
  factor: new Float64Array(channels * channels),
  solved: new Float64Array(channels),
});

/**
 * True while the channels are together in a state that is further (Hotelling's T²) from the mean of normal states than
 * any of these was. Missing values are taken as unchanged. What is far is learnt the less.
 */
export function isAbnormal(own: Regime, values: ArrayLike<number>, memoryRows: number, room: RegimeRoom): boolean {
  const { level, mean, covariance, rows } = own;
  const { offset } = room;
  const channels = level.length;
  for (let c = 0; c < channels; c++) {
    if (!Number.isFinite(values[c])) continue;
    level[c] += (values[c] - level[c]) / (rows[0] === 0 ? 1 : spanRows);
  }
  if (rows[0] === 0) mean.set(level);
  for (let c = 0; c < channels; c++) offset[c] = level[c] - mean[c];
  const distance = rows[0] > spanRows ? hotelling(covariance, room) : 0;
  const normalRows = Math.max(normalRowsMin, rowsPerChannel * channels);
  const settled = rows[0] >= normalRows;
  const abnormal = settled && distance > own.highest[0];
  if (rows[0] > 0.25 * normalRows) learnHighest(own, distance, abnormal, memoryRows);
  const far = distance / (3 * channels);
  const weight = settled ? Math.max(leastWeight, 1 / (1 + far * far)) : 1;
  rows[0] = Math.min(memoryRows, rows[0] + weight);
  const rate = weight / rows[0];
  for (let i = 0; i < channels; i++) {
    for (let j = 0; j <= i; j++) {
      const at = i * channels + j;
      covariance[at] += rate * ((1 - rate) * offset[i] * offset[j] - covariance[at]);
    }
  }
  for (let c = 0; c < channels; c++) mean[c] += rate * offset[c];
  return abnormal;
}

/** A normal state raises the highest distance at once, an abnormal one by little, or when it is soon over. */
function learnHighest(own: Regime, distance: number, abnormal: boolean, memoryRows: number): void {
  const { highest, lasted, peak } = own;
  if (abnormal) {
    lasted[0]++;
    peak[0] = Math.max(peak[0], distance);
    highest[0] += leak * (distance - highest[0]);
    return;
  }
  const seen = lasted[0] > 0 && lasted[0] <= chanceRows ? peak[0] : distance;
  highest[0] = Math.max(highest[0] * (1 - 1 / memoryRows), seen);
  lasted[0] = 0;
  peak[0] = 0;
}

/** Squared distance of `offset` in the metric of the correlations, by Cholesky. */
function hotelling(covariance: Float64Array, { offset, factor, solved }: RegimeRoom): number {
  const channels = offset.length;
  const deviation = (c: number): number => Math.sqrt(covariance[c * channels + c]) || 1;
  let distance = 0;
  for (let i = 0; i < channels; i++) {
    let rest = offset[i] / deviation(i);
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * channels + j] / (deviation(i) * deviation(j)) + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * channels + k] * factor[j * channels + k];
      if (i > j) {
        factor[i * channels + j] = sum / factor[j * channels + j];
        rest -= factor[i * channels + j] * solved[j];
      } else factor[i * channels + i] = Math.sqrt(Math.max(1e-9, sum));
    }
    solved[i] = rest / factor[i * channels + i];
    distance += solved[i] * solved[i];
  }
  return distance;
}
