import type { Series } from './data/series.js';

/** A forecast of some rows ahead, made at one row from that row and earlier ones; index `channel * steps + step - 1`. */
export interface Recipe {
  /** Writes the forecasts made at `origin`; called for every row in order. */
  step(origin: number, out: Float64Array): void;
}

/** Every step gets the last value. */
export function persistence({ rows, channels }: Series, steps: number): Recipe {
  return {
    step(origin, out) {
      for (let c = 0; c < channels.length; c++) out.fill(rows[origin].values[c], c * steps, (c + 1) * steps);
    },
  };
}

/**
 * The least-squares yardstick of the forecasting tables: per channel the last `lags` values minus the last one and a
 * constant, all steps at once minus the last value, no forgetting; a row is learned only when its last target is there.
 */
export function leastSquares({ rows, channels }: Series, steps: number, gains: Gains): Recipe {
  const { lags, inputs } = gains;
  const weights = channels.map(() => new Float64Array(inputs * steps));
  const error = new Float64Array(steps);
  return {
    step(origin, out) {
      for (let c = 0; c < channels.length; c++) {
        const forecast = out.subarray(c * steps, (c + 1) * steps);
        const past = origin - steps;
        if (past >= lags) {
          const { input, gain } = gains.at(c, past);
          predict(weights[c], input, error);
          const last = rows[past].values[c];
          for (let h = 0; h < steps; h++) error[h] = rows[past + 1 + h].values[c] - last - error[h];
          for (let i = 0; i < inputs; i++) {
            for (let h = 0; h < steps; h++) weights[c][i * steps + h] += gain[i] * error[h];
          }
        }
        forecast.fill(0);
        if (origin >= lags) predict(weights[c], gains.at(c, origin).input, forecast);
        for (let h = 0; h < steps; h++) forecast[h] += rows[origin].values[c];
      }
    },
  };
}

function predict(weights: Float64Array, input: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < input.length; i++) {
    const x = input[i];
    for (let o = 0; o < out.length; o++) out[o] += x * weights[i * out.length + o];
  }
}

/** What one row teaches: its inputs, and how far an error on them moves each weight. */
interface Gain {
  readonly input: Float64Array;
  readonly gain: Float64Array;
}

/**
 * Gains of recursive least squares from P = I without forgetting. They depend on the inputs alone, not on the targets,
 * so forecasts of different reach share them.
 */
export class Gains {
  readonly inputs: number;
  readonly #series: Series;
  readonly #keepRows: number;
  readonly #inverse: readonly Float64Array[];
  readonly #known: readonly Gain[][];
  readonly #next: number[];

  /** `keepRows`: how long after its row a gain may be asked for. */
  constructor(
    series: Series,
    readonly lags: number,
    keepRows: number,
  ) {
    // The last value minus itself would be an input that is always zero: it is left out.
    const inputs = lags;
    this.inputs = inputs;
    this.#series = series;
    this.#keepRows = keepRows + 1;
    this.#inverse = series.channels.map(() => {
      const identity = new Float64Array(inputs * inputs);
      for (let i = 0; i < inputs; i++) identity[i * inputs + i] = 1;
      return identity;
    });
    this.#known = series.channels.map(() =>
      Array.from({ length: this.#keepRows }, () => ({
        input: new Float64Array(inputs),
        gain: new Float64Array(inputs),
      })),
    );
    this.#next = series.channels.map(() => lags);
  }

  at(channel: number, origin: number): Gain {
    while (this.#next[channel] <= origin) this.#learn(channel, this.#next[channel]++);
    if (origin <= this.#next[channel] - 1 - this.#keepRows) throw new RangeError(`the gain of row ${origin} is gone`);
    return this.#known[channel][origin % this.#keepRows];
  }

  #learn(channel: number, origin: number): void {
    const { inputs } = this;
    const { rows } = this.#series;
    const inverse = this.#inverse[channel];
    const { input, gain } = this.#known[channel][origin % this.#keepRows];
    const last = rows[origin].values[channel];
    for (let k = 1; k < inputs; k++) input[k - 1] = rows[origin - k].values[channel] - last;
    input[inputs - 1] = 0.1;
    gain.fill(0); // P x, of which only the lower triangle is kept
    for (let i = 0; i < inputs; i++) {
      const x = input[i];
      const row = i * inputs;
      let sum = inverse[row + i] * x;
      for (let j = 0; j < i; j++) {
        sum += inverse[row + j] * input[j];
        gain[j] += inverse[row + j] * x;
      }
      gain[i] += sum;
    }
    let denominator = 1;
    for (let i = 0; i < inputs; i++) denominator += gain[i] * input[i];
    for (let i = 0; i < inputs; i++) {
      const share = gain[i] / denominator;
      const row = i * inputs;
      for (let j = 0; j <= i; j++) inverse[row + j] -= share * gain[j];
    }
    for (let i = 0; i < inputs; i++) gain[i] /= denominator;
  }
}
