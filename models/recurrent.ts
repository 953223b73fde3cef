import { f64, i32, type Layout, type Row } from '../state/layout.js';
import type { Cell } from './cell.js';
import { kernels } from './kernels/index.js';
import { leastSquares } from './least-squares.js';
import type { MemoryOptions } from './model.js';
import { randomOf } from './random.js';
import { autoregression } from './rls.js';
import { season } from './seasonal-rls.js';
import { modulo, periodRowsMax, ringRows, type Series, seenAt, valueAt } from './series.js';
import { trustOf } from './trust.js';
import { type Part, univariate } from './univariate.js';

/** Numbers that a cell is fed with. */
export const inputs = 12;
/** Inputs, and what the base left over, are clipped to this many of their units. */
const inputMax = 4;
const leftMax = 8;
/** Forgetting per event of the readout and of the trust in it. */
const forget = 0.9995;
const trustForget = 0.998;
const clip = 3;
/** Squares of what was said in vain, before the first: trust is earned. */
const doubt = 1;
/** Variance that the readout's weights begin with. */
const variance = 0.1;

/**
 * A base that is linear and learns in closed form, and a recurrent cell that learns by gradients what the base leaves over
 * (Lai et al., Modeling Long- and Short-Term Temporal Patterns with Deep Neural Networks). The base is the seasonal
 * autoregression where a period is known, moved towards the plain one as far as that has helped. The cell's state goes through a least-squares readout per
 * horizon, learned with the delay of that horizon; the errors of the horizons within the cell's reach train the cell:
 *   left_h = (y_t+h - base_h)/unit_h,  dL/dh = -W_h (left_h - said_h),  forecast_h = base_h + trust_h unit_h W_h [h; 0.1]
 * Trust is the regression of what was left on what was said, between 0 and 1, so a cell that does not help does no harm.
 */
export function residualNet<L extends Layout>(options: MemoryOptions, cell: Cell<L>) {
  const { horizons, seed = 1 } = options;
  const count = horizons.length;
  const slots = horizons[count - 1] + 1;
  const width = cell.outputs;
  const seasonal = season({
    ...options,
    period: 'long',
    cycles: 4,
    forget: [0.999],
    residuals: ringRows(periodRowsMax, options),
  });
  const plain = autoregression(options);
  const trust = trustOf(count, trustForget, 0, doubt);
  const readout = leastSquares({ features: width + 1, horizons, forget, clip });
  const layout = {
    seasonal: seasonal.layout,
    plain: plain.layout,
    cell: cell.layout,
    readout: readout.layout,
    /** How far to go from the season towards the plain base, and from the base towards the cell. */
    toPlain: trust.layout,
    toCell: trust.layout,
    /** Per origin and horizon: what the season said, how far off the plain base was, and what both together said. */
    season: f64(slots * count),
    apart: f64(slots * count),
    base: f64(slots * count),
    /** In which unit the cell speaks, and what it said. */
    unit: f64(slots * count),
    said: f64(slots * count),
    /** 0 before the start, 1 on the plain base, 2 on the seasonal one, and 1 + the row when it began. */
    stage: i32(),
    begun: f64(),
    /** Running mean of the values, and what the base last left over. */
    level: f64(),
    left: f64(),
  };
  type Own = Row<typeof layout>;
  const spoken = new Float64Array(seasonal.outputs * count); // written before it is read: no state
  const innerOf = (own: Own) => own.cell as unknown as Row<L>;

  /** What the base left over of row t trains the readouts and, as far as it reaches, the cell. */
  function learn(own: Own, t: number, now: number): void {
    const { base, unit, said, season: first, apart, begun } = own;
    const { blame } = cell.ports(innerOf(own));
    blame.fill(0);
    let taught = false;
    for (let i = 0; i < count; i++) {
      const h = horizons[i];
      const origin = t - h;
      if (origin < begun[0] - 1) continue;
      const at = modulo(origin, slots) * count + i;
      const left = bound((now - base[at]) / unit[at], leftMax);
      if (i === 0) own.left[0] = left;
      trust.learn(own.toPlain, i, bound((now - first[at]) / unit[at], leftMax), apart[at]);
      trust.learn(own.toCell, i, left, said[at]);
      readout.learn(own.readout, t, i, left);
      if (h > cell.reach) continue;
      const error = bound(left - said[at], clip);
      const line = (h - 1) * width;
      for (let j = 0; j < width; j++) blame[line + j] -= error * own.readout.weights[i * readout.n + j];
      taught = true;
    }
    if (taught) cell.learn(innerOf(own));
  }

  /** The base says its forecasts into `out`; whether a season has a part in them. */
  function ask(own: Own, series: Series, t: number, out: Float64Array, at: number): boolean {
    plain.step(own.plain, series, t, out, at);
    const line = modulo(t, slots) * count;
    if (series.periods[0] > 0) seasonal.step(own.seasonal, series, t, spoken, 0, count);
    const inSeason = own.seasonal.begun[0] > 0;
    for (let i = 0; i < count; i++) {
      own.unit[line + i] = inSeason ? own.seasonal.size[seasonal.place(t, i)] : series.scale[0];
      own.season[line + i] = inSeason ? spoken[i] : out[at + i];
      own.apart[line + i] = bound((out[at + i] - own.season[line + i]) / own.unit[line + i], leftMax);
      own.base[line + i] = own.season[line + i] + trust.of(own.toPlain, i) * own.unit[line + i] * own.apart[line + i];
      out[at + i] = own.base[line + i];
    }
    return inSeason;
  }

  /** What the cell is told of row t. */
  function tell(own: Own, series: Series, t: number, inSeason: boolean, input: Float32Array): void {
    const now = valueAt(series, t);
    const scale = series.scale[0];
    const line = modulo(t, slots) * count;
    const last = line + count - 1;
    const { base, unit, seasonal: part } = own;
    const middle = inSeason ? part.expected[seasonal.place(t, 0)] : now;
    const lately = t > 0 ? valueAt(series, t - 1) : now;
    const step = inSeason ? part.now[modulo(t, slots)] : (now - own.level[0]) / scale;
    input[0] = 1;
    input[1] = bound(step, inputMax);
    input[2] = bound((now - lately) / scale, inputMax);
    input[3] = bound(own.left[0], inputMax);
    input[4] = bound((base[line] - middle) / unit[line], inputMax);
    input[5] = bound(
      (base[last] - (inSeason ? part.expected[seasonal.place(t, count - 1)] : now)) / unit[last],
      inputMax,
    );
    input[6] = inSeason ? bound((middle - part.level[0]) / scale, inputMax) : 0;
    input[7] = seenAt(series, t) ? 0 : 1;
    for (let p = 0; p < 2; p++) {
      const period = series.periods[p];
      const turn = period > 0 ? (2 * Math.PI * modulo(t, period)) / period : 0;
      input[8 + 2 * p] = period > 0 ? kernels.sin(turn) : 0;
      input[9 + 2 * p] = period > 0 ? kernels.cos(turn) : 0;
    }
  }

  return {
    layout,
    outputs: 1,
    seasonal: true,
    start(own, series) {
      seasonal.start(own.seasonal, series);
      plain.start(own.plain, series);
      cell.start(innerOf(own), randomOf(seed));
    },
    step(own, series, t, out, at) {
      const now = valueAt(series, t);
      const seen = seenAt(series, t);
      if (seen && own.begun[0] > 0) learn(own, t, now);
      own.level[0] += Math.max(1 / (t + 1), 0.002) * (now - own.level[0]);
      if (!(series.scale[0] > 0)) {
        out.fill(now, at, at + count);
        return;
      }
      const inSeason = ask(own, series, t, out, at);
      const stage = inSeason ? 2 : 1;
      if (own.stage[0] !== stage) {
        // Another base leaves something else over.
        own.stage[0] = stage;
        own.begun[0] = t + 1;
        trust.start(own.toPlain);
        trust.start(own.toCell);
        readout.start(own.readout, width + 1, variance);
      }
      const line = modulo(t, slots) * count;
      const { input, hidden } = cell.ports(innerOf(own));
      tell(own, series, t, inSeason, input);
      cell.step(innerOf(own));
      const from = readout.line(t);
      for (let j = 0; j < width; j++) own.readout.features[from + j] = hidden[j];
      own.readout.features[from + width] = 0.1;
      readout.observe(own.readout, t, seen);
      for (let i = 0; i < count; i++) {
        const said = bound(readout.forecast(own.readout, t, i), leftMax);
        own.said[line + i] = said;
        out[at + i] += trust.of(own.toCell, i) * own.unit[line + i] * said;
      }
    },
  } satisfies Part<typeof layout>;
}

const bound = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

/** Makes a memory of a cell: every channel has a base, a cell and readouts of its own. */
export function recurrent<L extends Layout>(name: string, version: number, options: MemoryOptions, cell: Cell<L>) {
  const capacity = ringRows(4 * periodRowsMax, options);
  // That there is a seed says that chance has a part in it.
  return { ...univariate(name, version, options, capacity, residualNet(options, cell)), seed: options.seed ?? 1 };
}
