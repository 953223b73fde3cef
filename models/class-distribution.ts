import { f64, type Row, u8 } from '../state/layout.js';
import { headLevels } from './head.js';
import { kernels } from './kernels/index.js';
import { modulo } from './series.js';

const count = headLevels.length;
/** Where ranks are counted: at every level of a head, and at both ends. */
const knots: readonly number[] = [0, ...headLevels, 1];
/** Rows in which ranks are forgotten; at first all are taken for what so many rows would have shown of even ones. */
const rankRows = 1000;
const firstRows = 30;
/** Share of the ranks that stays even: what has not come yet is not ruled out. */
const even = 0.01;
/** Classes that the mass of one reaches to each side, and over which it fades beyond the outermost. */
const half = 0.5;
const leastShare = 1e-12;

/**
 * Shares of classes as whole distributions, held to what they promise. Class b stands at place b; the two end classes have
 * all that lies beyond them:
 *   F(x) = mass of class b evenly over b ± 1/2, the outer halves of the end classes as exponentials
 *   R(u) = how often F(what came), as F was said, was at most u, at `headLevels`, forgotten in 1,000 rows
 *   Q(p) = F⁻¹(R⁻¹(p)),   density(x) = F'(x) R'(F(x))
 * Too wide a distribution is narrowed about each of its peaks, not towards its middle. (Kuleshov, Fenner and Ermon 2018,
 * Accurate Uncertainties for Deep Learning Using Calibrated Regression.) Known weakness: of a value far outside it knows no
 * more than that it lay in an end class. Cost: classes + 2 levels additions a forecast.
 */
export function classDistribution(horizons: readonly number[]) {
  const firsts = horizons.map((_, h) => horizons.slice(0, h).reduce((sum, horizon) => sum + horizon, 0));
  const slots = horizons.reduce((sum, horizon) => sum + horizon, 0);
  const layout = {
    /** Per horizon and level: how much more often than the level says what came ranked below it; and labels so far. */
    excess: f64(horizons.length * count),
    labels: f64(horizons.length),
    /** What waits for its row: the places at which F was at each level, and whether anything was said. */
    said: f64(slots * count),
    known: u8(slots),
  };
  type Own = Row<typeof layout>;
  // Written before they are read: no state.
  const plain: Cursor = { b: 0, under: 0 };
  const held: Cursor = { b: 0, under: 0 };
  const risen = ({ excess }: Own, h: number, k: number): number =>
    k === 0 || k > count ? knots[k] : knots[k] + (1 - even) * excess[h * count + k - 1];

  return {
    layout,
    /** Learns that what the h-th horizon said for row t came at a place. */
    learn(own: Own, h: number, t: number, place: number): void {
      const slot = firsts[h] + modulo(t, horizons[h]);
      if (own.known[slot] === 0) return;
      const rate = Math.max(1 / (++own.labels[h] + firstRows), 1 / rankRows);
      for (let l = 0; l < count; l++) {
        const at = own.said[slot * count + l];
        // What lies on a quantile counts half.
        const under = place < at ? 1 : place > at ? 0 : 0.5;
        own.excess[h * count + l] += rate * (under - headLevels[l] - own.excess[h * count + l]);
      }
    },
    /** Writes the places of the quantiles at `headLevels` that the h-th horizon says at row t, ascending. */
    quantiles(own: Own, h: number, t: number, share: Float64Array, out: Float64Array, to: number): void {
      const slot = firsts[h] + modulo(t, horizons[h]);
      own.known[slot] = 1;
      let k = 1;
      plain.b = plain.under = held.b = held.under = 0;
      for (let l = 0; l < count; l++) {
        const level = headLevels[l];
        own.said[slot * count + l] = placeAt(share, level, plain);
        while (k <= count && risen(own, h, k) < level) k++;
        const low = risen(own, h, k - 1);
        const part = (level - low) / (risen(own, h, k) - low);
        out[to + l] = placeAt(share, knots[k - 1] + part * (knots[k] - knots[k - 1]), held);
      }
    },
    /** The places have moved: what was at x is at `factor` x + `shift`. */
    move({ said }: Own, factor: number, shift: number): void {
      for (let i = 0; i < said.length; i++) said[i] = factor * said[i] + shift;
    },
    /** −log of the density at a place, a class being 1 wide. */
    surprise(own: Own, h: number, share: Float64Array, place: number): number {
      const last = share.length - 1;
      const b = Math.max(0, Math.min(last, Math.floor(place + half)));
      const out = Math.max(0, -place, place - last);
      const u = below(share, place);
      let k = 1;
      while (k <= count && knots[k] < u) k++;
      const slope = (risen(own, h, k) - risen(own, h, k - 1)) / (knots[k] - knots[k - 1]);
      return out / half - kernels.log(Math.max(leastShare, share[b]) * slope);
    },
  };
}

/** Mass below a place. */
function below(share: Float64Array, place: number): number {
  const last = share.length - 1;
  if (place < 0) return half * share[0] * fade(-place);
  if (place > last) return 1 - half * share[last] * fade(place - last);
  const b = Math.floor(place + half);
  let under = 0;
  for (let i = 0; i < b; i++) under += share[i];
  return under + share[b] * (place + half - b);
}

/** The class that was reached, and the mass of those below it. */
interface Cursor {
  b: number;
  under: number;
}

/** The place that has mass u below it; `at` moves up, as no u is less than the one before. */
function placeAt(share: Float64Array, u: number, at: Cursor): number {
  const last = share.length - 1;
  if (u < half * share[0]) return half * kernels.log(u / (half * share[0]));
  if (1 - u < half * share[last]) return last - half * kernels.log((1 - u) / (half * share[last]));
  while (at.b < last && at.under + share[at.b] < u) at.under += share[at.b++];
  const part = share[at.b] > 0 ? (u - at.under) / share[at.b] : half;
  return at.b - half + Math.max(0, Math.min(1, part));
}

const fade = (classes: number): number => kernels.exp(-Math.min(700, classes / half));
