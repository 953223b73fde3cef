import { f64, type Row } from '../state/layout.js';
import { driftDetector } from './drift.js';
import { shareWeights } from './fixed-share.js';
import { modulo } from './series.js';

/** Labels before weights move: until then errors have no known size. */
const trustLabels = 20;
/** Weight of the newest error in the running error of the mixture. */
const errorRate = 0.002;
/** Errors count at most this many running errors there, and among the recent squares. */
const errorMax = 8;
/** Errors beyond this many running errors pull no harder. */
const pullMax = 2;
/** A member counts as at most this many running errors away from the mixture. */
const apartMax = 10;
/** What is left of young regrets a row later, and in the rows after an alarm of drift. */
const youth = 0.995;
const youthAfterDrift = 0.95;
const rowsAfterDrift = 50;
/** Fixed share: losses count at most so much, its rate is one over that, and what every expert is given of all weights. */
const shareMax = 4;
const share = 0.001;

/**
 * Weights of experts for one target per horizon, by polynomial regret without tuning: ML-Poly (Gaillard, Stoltz and van
 * Erven, A second-order bound with excess losses) on the gradient of a Huber loss, in units of the mixture's own running
 * error. R_k grows with what the mixture would have gained by following expert k:
 *   l_k = clip(e/s, 2) clip((x_k - yhat)/s, 10),  R_k -= l_k,  V_k += l_k^2,  B = max |l|,  w_k ~ max(R_k, 0)/(B^2 + V_k)
 * `weight` are those of all that has been. `young` are the same of regrets that fade by 0.995 a row, and by 0.95 in the 50
 * rows after the mixture's own losses have drifted upwards (drift.ts): what was won in another world counts no more.
 * `shared` are by fixed share on such losses up to 4, with e that of their own forecast, which is never worse than the best
 * sequence of experts for long (fixed-share.ts has the bound; a Huber loss lies above its slopes). With `fading` false there are only the first. Beside them goes the recent squared error
 * of every expert, over about 20 rows and the horizon. Forecasts of horizon h wait for their label in h slots. Labels come
 * in the order of their rows.
 */
export function expertWeights(experts: number, horizons: readonly number[], fading = true) {
  const count = horizons.length;
  // First slot of each horizon.
  const firsts = horizons.map((_, i) => horizons.slice(0, i).reduce((sum, h) => sum + h, 0));
  const slots = firsts[count - 1] + horizons[count - 1];
  const faded = fading ? count * experts : 1;
  const drift = driftDetector(horizons);
  const layout = {
    waiting: f64(slots * experts),
    mixed: f64(slots),
    /** What the fixed share made of it. */
    sharedMixed: f64(fading ? slots : 1),
    /** Per horizon and expert. */
    weight: f64(count * experts),
    regret: f64(count * experts),
    square: f64(count * experts),
    young: { weight: f64(faded), regret: f64(faded), square: f64(faded) },
    shared: f64(faded),
    recent: f64(count * experts),
    /** Per horizon: largest |l|, running error of the mixture, its labels, and how many rows `recent` sums up. */
    largest: f64(count),
    error: f64(count),
    labels: f64(count),
    recentRows: f64(count),
    drift: drift.layout,
    /** Labels for which young regrets fade faster. */
    drifted: f64(count),
  };
  type Own = Row<typeof layout>;
  type Regrets = Pick<Own, 'weight' | 'regret' | 'square'>;
  const slotAt = (t: number, i: number): number => firsts[i] + modulo(t, horizons[i]);
  const losses = new Float64Array(experts); // written before it is read: no state

  function weigh(own: Own, i: number, slot: number, label: number, scale: number): void {
    const from = slot * experts;
    const to = i * experts;
    const mixed = own.mixed[slot];
    const pull = bound((mixed - label) / scale, pullMax);
    const decay = 1 - 1 / (20 + horizons[i]);
    own.recentRows[i] = decay * own.recentRows[i] + 1;
    for (let k = 0; k < experts; k++) {
      // Who abstained is taken to have said what the mixture said.
      const said = Number.isNaN(own.waiting[from + k]) ? mixed : own.waiting[from + k];
      losses[k] = pull * bound((said - mixed) / scale, apartMax);
      own.largest[i] = Math.max(own.largest[i], Math.abs(losses[k]));
      const size = Math.min(errorMax, Math.abs(said - label) / scale);
      own.recent[to + k] = decay * own.recent[to + k] + size * size;
    }
    regret(own, to, 1, own.largest[i]);
    if (!fading) return;
    if (drift.see(own.drift, i, Math.min(errorMax, Math.abs(mixed - label) / scale))) own.drifted[i] = rowsAfterDrift;
    regret(own.young, to, own.drifted[i] > 0 ? youthAfterDrift : youth, own.largest[i]);
    own.drifted[i] = Math.max(0, own.drifted[i] - 1);
    // By the slope where the shared weights themselves stood: only so does their bound hold for their own forecast.
    const stood = own.sharedMixed[slot];
    const slope = bound((stood - label) / scale, pullMax);
    for (let k = 0; k < experts; k++) {
      const said = Number.isNaN(own.waiting[from + k]) ? stood : own.waiting[from + k];
      losses[k] = bound((slope * (said - stood)) / scale, shareMax);
    }
    shareWeights(own.shared, to, losses, experts, 1 / shareMax, share);
  }

  /** Adds the losses of a row to regrets that keep so much of what they were, and weighs by them. */
  function regret(own: Regrets, to: number, keep: number, largest: number): void {
    let sum = 0;
    for (let k = 0; k < experts; k++) {
      const at = to + k;
      own.regret[at] = keep * own.regret[at] - losses[k];
      own.square[at] = keep * own.square[at] + losses[k] * losses[k];
      const weight = own.regret[at] > 0 ? own.regret[at] / (largest * largest + own.square[at]) : 0;
      own.weight[at] = weight;
      sum += weight;
    }
    for (let k = 0; k < experts; k++) own.weight[to + k] = sum > 0 ? own.weight[to + k] / sum : 1 / experts;
  }

  return {
    layout,
    start(own: Own): void {
      for (const weight of [own.weight, own.young.weight, own.shared]) weight.fill(1 / experts);
    },
    /** The value of row t has come: every horizon's forecast for it is judged. */
    learn(own: Own, t: number, label: number): void {
      for (let i = 0; i < count; i++) {
        if (t < horizons[i]) continue;
        const slot = slotAt(t, i);
        const size = Math.abs(own.mixed[slot] - label);
        const scale = own.error[i];
        const labels = ++own.labels[i];
        const counted = labels > trustLabels ? Math.min(size, errorMax * scale) : size;
        own.error[i] += Math.max(1 / labels, errorRate) * (counted - scale);
        if (labels > trustLabels && scale > 0) weigh(own, i, slot, label, scale);
      }
    },
    /** What the mixture said of row t at the i-th horizon, until row t says the next. */
    said: (own: Own, t: number, i: number): number => own.mixed[slotAt(t, i)],
    /** Keeps what the experts said at row t for the i-th horizon, from `at` on every `stride`; NaN is an abstention. */
    keep(own: Own, t: number, i: number, forecasts: Float64Array, at: number, stride: number): void {
      const to = slotAt(t, i) * experts;
      for (let k = 0; k < experts; k++) own.waiting[to + k] = forecasts[at + k * stride];
    },
    /** Keeps what their mixture was, and what the shared weights alone made of it. */
    keepMixed(own: Own, t: number, i: number, mixed: number, shared = mixed): void {
      own.mixed[slotAt(t, i)] = mixed;
      if (fading) own.sharedMixed[slotAt(t, i)] = shared;
    },
    /** One over the recent squared error of an expert, near 1 for one as good as the mixture usually is. */
    recency: (own: Own, i: number, k: number): number =>
      (own.recentRows[i] + 0.3) / (own.recent[i * experts + k] + 0.3),
  };
}

const bound = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));
