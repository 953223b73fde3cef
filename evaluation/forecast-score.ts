import type { Recorder } from './benchmark.js';
import { DistributionScore } from './distribution.js';
import type { Step } from './forecaster.js';
import { PointErrors } from './point-errors.js';
import type { Stream } from './stream.js';

/** Forecasts that are judged together: some steps ahead, from some origins. */
export interface Span {
  /** Rows ahead; each must be a horizon of the stream. */
  readonly steps: readonly number[];
  /** First and last row at which the forecasts are made, both inclusive. */
  readonly from: number;
  readonly to: number;
}

/** Every step from 1 to `steps`. */
export function stepsTo(steps: number): number[] {
  return Array.from({ length: steps }, (_, at) => at + 1);
}

/** Compares the forecasts made at each origin with the rows they are about. */
export class ForecastScore {
  readonly distribution = new DistributionScore();
  /** In the order of the spans. */
  readonly errors: readonly PointErrors[];
  readonly #stream: Stream;
  /** Per horizon of the stream: the spans that score it. */
  readonly #judges: readonly { readonly span: Span; readonly errors: PointErrors }[][];
  readonly #recorder: Recorder | undefined;

  constructor(stream: Stream, spans: readonly Span[], recorder?: Recorder) {
    this.#stream = stream;
    this.#recorder = recorder;
    this.errors = spans.map(() => new PointErrors());
    for (const step of spans.flatMap(({ steps }) => steps)) {
      if (!stream.horizons.includes(step))
        throw new RangeError(`${stream.name}: step ${step} is scored but not forecast`);
    }
    this.#judges = stream.horizons.map((horizon) =>
      spans.map((span, at) => ({ span, errors: this.errors[at] })).filter(({ span }) => span.steps.includes(horizon)),
    );
  }

  see(row: number, step: Step): void {
    const { rows, keyCount, horizons } = this.#stream;
    const origin = Math.floor(row / keyCount);
    for (let h = 0; h < horizons.length; h++) {
      const judges = this.#judges[h].filter(({ span }) => origin >= span.from && origin <= span.to);
      if (judges.length === 0) continue;
      const { values } = rows[row + horizons[h] * keyCount];
      for (let c = 0; c < values.length; c++) this.#judge(judges, row, origin, h, c, values[c], step);
    }
  }

  #judge(
    judges: readonly { readonly errors: PointErrors }[],
    row: number,
    origin: number,
    h: number,
    c: number,
    truth: number,
    { mean, levels, quantiles, cdf }: Step,
  ): void {
    const { horizons, channels, keyCount, name, rows } = this.#stream;
    const at = c * horizons.length + h;
    for (const { errors } of judges) errors.add(truth, mean[at]);
    if (quantiles) {
      const own = quantiles.subarray(at * levels.length, (at + 1) * levels.length);
      this.distribution.add({ levels, quantiles: own, cdf: cdf && ((x) => cdf(c, h, x)) }, truth);
    }
    const channel = keyCount > 1 ? rows[row].key : channels[c];
    this.#recorder?.forecast(name, origin, horizons[h], channel, truth, mean[at]);
  }
}

/** A step that only says where it thinks the stream goes: how recipes and published forecasts are scored. */
export function pointStep(mean: Float64Array): Step {
  return { mean, levels: [], score: 0, share: 1, alarm: false, onset: 0, abnormal: false };
}
