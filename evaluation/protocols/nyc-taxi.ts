import type { Anchor, Benchmark, Metrics, Recorder, Reference, Scorer } from '../benchmark.js';
import { nycTaxiFolder, readTaxi, readTaxiReference } from '../data/nyc-taxi.js';
import { channelOf, type Series } from '../data/series.js';
import { type Buckets, bucketNll } from '../distribution.js';
import { fixedSeasonReference } from '../fixed-season.js';
import { ForecastScore, pointStep } from '../forecast-score.js';
import type { Step } from '../forecaster.js';
import { deviationOf } from '../point-errors.js';
import { type Stream, streamOf } from '../stream.js';

/** Two and a half hours. */
export const taxiStep = 5;
const scoredFrom = 10_000;
const changeAt = 13_152;
const changeRows = 960;
const weekRows = 336;
/** Close enough together that the probability of each bucket can be told. */
const levels = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.02, 0.035],
  ...Array.from({ length: 19 }, (_, at) => (at + 1) / 20),
  ...[0.965, 0.98, 0.99, 0.995, 0.9975, 0.999],
];
const buckets: Buckets = { width: 40_000 / 21, count: 22, floor: 0.01 };

const published = (name: string, metrics: Metrics): Anchor => ({ name, source: 'published', metrics });
const recipe = (name: string, metrics: Metrics): Anchor => ({ name, source: 'own recipe', metrics });

/** Cui, Ahmad, Hawkins 2016 (Neural Computation 28(11):2474): five rows ahead, scored from row 10,000 on. */
export const nycTaxi: Benchmark = {
  name: 'nyc-taxi',
  about: 'taxi demand 2.5 hours ahead, the protocol of Cui, Ahmad and Hawkins 2016',
  kind: 'forecast',
  folder: nycTaxiFolder,
  columns: ['mape', 'nrmse', 'nll', 'crps', 'coverage_80', 'coverage_90', 'coverage_98'],
  anchors: [
    published('LSTM6000', { mape: 0.082, nrmse: 0.273, nll: 1.573 }),
    published('HTM', { mape: 0.0785, nrmse: 0.286, nll: 1.558 }),
    published('LSTM5000', { mape: 0.0731, nrmse: 0.257 }),
    published('kNN, time, day and value', { mape: 0.0709, nrmse: 0.26 }),
    recipe('online RLS, 12 lags, day, week', { mape: 0.0658, nrmse: 0.233 }),
    recipe('residual RLS', { mape: 0.0599, nrmse: 0.218, nll: 1.07 }),
    recipe('mean of R1 and R3h', { mape: 0.0506, nrmse: 0.179 }),
  ],
  prepare(folder) {
    const series = readTaxi(folder);
    const stream = { ...streamOf(series, [taxiStep]), levels };
    return {
      streams: [stream],
      scorer: (recorder) => taxiScorer(series, stream, recorder),
      references: () => [
        ...(['TM', 'plainKNN'] as const).map((model) => publishedForecasts(folder, model, series)),
        fixedSeasonReference(
          { streams: [stream], scorer: () => taxiScorer(series, stream) },
          'one week ago',
          weekRows,
          { mape: 0.0881, nrmse: 0.336 },
          0.0005,
        ),
      ],
    };
  },
};

/** The same stream with its pattern changed on 1 April 2015: how fast a memory learns anew. */
export const nycTaxiDrift: Benchmark = {
  name: 'nyc-taxi-drift',
  about: 'the same with the daily pattern changed from row 13,152 on; mape_960 is over the first 960 rows after it',
  kind: 'forecast',
  folder: nycTaxiFolder,
  columns: ['mape', 'mape_960', 'nll', 'crps', 'coverage_80', 'coverage_90', 'coverage_98'],
  anchors: [
    published('LSTM3000', { mape: 0.138, mape_960: 0.126, nll: 1.74 }),
    published('LSTM6000', { mape: 0.1285, mape_960: 0.121, nll: 1.61 }),
    published('HTM', { mape: 0.108, mape_960: 0.115, nll: 1.358 }),
    recipe('residual RLS', { mape: 0.0541, mape_960: 0.0669 }),
    recipe('mean of R2 and R3h', { mape: 0.0516, mape_960: 0.0645 }),
  ],
  prepare(folder) {
    const series = readTaxi(folder, 'perturbed');
    const stream = { ...streamOf(series, [taxiStep]), levels };
    return {
      streams: [stream],
      scorer: (recorder) => driftScorer(stream, recorder),
      references: () => [
        fixedSeasonReference(
          { streams: [stream], scorer: () => driftScorer(stream) },
          'one week ago',
          weekRows,
          { mape: 0.0713, mape_960: 0.0851 },
          0.0001,
        ),
      ],
    };
  },
};

/** The source wraps around: its last five forecasts are judged by the first five rows. */
function publishedForecasts(folder: string, model: 'TM' | 'plainKNN', series: Series): Reference {
  const forecasts = readTaxiReference(folder, model);
  const wrapped = streamOf({ ...series, rows: [...series.rows, ...series.rows.slice(0, taxiStep)] }, [taxiStep]);
  return {
    name: model === 'TM' ? 'HTM, published predictions' : 'kNN, published predictions',
    metrics: scorePoints(wrapped, taxiScorer(series, wrapped), (row) => forecasts[row]),
    expected: model === 'TM' ? { mape: 0.081, nrmse: 0.2864 } : { mape: 0.0709, nrmse: 0.26 },
    tolerance: 0.00005,
  };
}

/** Scores forecasts that are known row by row. */
function scorePoints(stream: Stream, scorer: Scorer, forecast: (row: number) => number): Metrics {
  for (let row = 0; row < stream.rows.length; row++) {
    scorer.see(stream, row, pointStep(Float64Array.of(forecast(row))));
  }
  return scorer.metrics();
}

function taxiScorer(series: Series, stream: Stream, recorder?: Recorder): Scorer {
  const to = stream.rows.length - 1 - taxiStep;
  const score = new ForecastScore(stream, [{ steps: [taxiStep], from: scoredFrom, to }], recorder);
  const nll = new BucketNll(stream, scoredFrom, to);
  const deviation = deviationOf(channelOf(series));
  return {
    see(_, row, step) {
      score.see(row, step);
      nll.see(row, step);
    },
    metrics() {
      const [errors] = score.errors;
      const { mape, mae, rmse } = errors;
      return { mape, nrmse: errors.nrmse(deviation), ...nll.metrics, mae, rmse, ...score.distribution.metrics };
    },
  };
}

function driftScorer(stream: Stream, recorder?: Recorder): Scorer {
  const to = stream.rows.length - 1 - taxiStep;
  const spans = [to, changeAt + changeRows - 1].map((last) => ({ steps: [taxiStep], from: changeAt, to: last }));
  const score = new ForecastScore(stream, spans, recorder);
  const nll = new BucketNll(stream, changeAt, to);
  return {
    see(_, row, step) {
      score.see(row, step);
      nll.see(row, step);
    },
    metrics() {
      const [all, first] = score.errors;
      const { mae, rmse } = all;
      return { mape: all.mape, mape_960: first.mape, ...nll.metrics, mae, rmse, ...score.distribution.metrics };
    },
  };
}

/** Mean negative log-likelihood over the 22 buckets of the protocol. */
class BucketNll {
  #sum = 0;
  #count = 0;

  constructor(
    readonly stream: Stream,
    readonly from: number,
    readonly to: number,
  ) {}

  see(row: number, { cdf }: Step): void {
    if (!cdf || row < this.from || row > this.to) return;
    this.#sum += bucketNll((x) => cdf(0, 0, x), this.stream.rows[row + taxiStep].values[0], buckets);
    this.#count++;
  }

  get metrics(): Metrics {
    return this.#count > 0 ? { nll: this.#sum / this.#count } : {};
  }
}
