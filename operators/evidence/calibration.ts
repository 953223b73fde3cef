import { kernels } from '../../models/kernels/index.js';
import { f32, f64, type Row } from '../../state/layout.js';

const bins = 128;
const perUnit = 16;
const lowest = -3;
/** Rows that the belief held before any was seen is worth, and rows in which it fades. */
const beliefRows = 1000;
const fadeRows = 5000;
/** How fast the believed share falls with evidence, of which 0 is usual. */
const beliefSlope = 3;

/** How often which lasting evidence was seen, and the weight of all. */
export const calibrationLayout = { bins: f32(bins), total: f64(), rows: f64(), weight: f64() };
export type Calibration = Row<typeof calibrationLayout>;

/** Share of rows with at least this much evidence. */
export function shareAbove(own: Calibration, evidence: number): number {
  const place = placeOf(evidence);
  const at = Math.floor(place);
  let above = own.bins[at] * (at + 1 - place);
  for (let i = at + 1; i < bins; i++) above += own.bins[i];
  // Weights grow instead of all bins shrinking; in units of the newest row, the past is worth so much.
  const weight = own.weight[0] || 1;
  const seen = own.total[0] / weight;
  const belief = beliefRows * kernels.exp(-own.rows[0] / fadeRows);
  const believed = 1 / (1 + kernels.exp(beliefSlope * evidence));
  return Math.min(1, (above / weight + belief * believed + believed) / (seen + belief + 1));
}

/** Counts a row; the past fades with `memoryRows`. */
export function learnEvidence(own: Calibration, evidence: number, memoryRows: number): void {
  own.rows[0]++;
  own.weight[0] = (own.weight[0] || 1) * (1 + 1 / memoryRows);
  own.bins[Math.floor(placeOf(evidence))] += own.weight[0];
  own.total[0] += own.weight[0];
  if (own.weight[0] > 1e12) scaleDown(own);
}

const placeOf = (evidence: number): number => Math.max(0, Math.min(bins - 1e-3, (evidence - lowest) * perUnit));

function scaleDown(own: Calibration): void {
  for (let i = 0; i < bins; i++) own.bins[i] /= own.weight[0];
  own.total[0] /= own.weight[0];
  own.weight[0] = 1;
}
