import type { Benchmark, Recorder, Scorer } from '../benchmark.js';
import { type Pems, pemsFolder, readPems } from '../data/pems.js';
import { fixedSeasonReference } from '../fixed-season.js';
import { ForecastScore, pointStep } from '../forecast-score.js';
import { type Stream, streamOf } from '../stream.js';

/** The source's models need so many rows of the test file before their first forecast. */
const historyRows = 12;
const dayRows = 288;

/** One step ahead on the train file and then the test file as one stream; scored from row 13 of the test file on. */
export const pems: Benchmark = {
  name: 'pems',
  about: 'traffic flow of one detector, the next five minutes',
  kind: 'forecast',
  folder: pemsFolder,
  columns: ['mae', 'rmse', 'mape', 'crps', 'coverage_80', 'coverage_90', 'coverage_98'],
  anchors: [
    { name: 'GRU, offline', source: 'published', metrics: { mae: 7.2, rmse: 9.97 } },
    { name: 'LSTM, offline', source: 'published', metrics: { mae: 7.21, rmse: 9.9 } },
    { name: 'SAE, offline', source: 'published', metrics: { mae: 7.06, rmse: 9.6 } },
    { name: 'online RLS, 12 lags, yesterday', source: 'own recipe', metrics: { mae: 7.04, rmse: 9.53 } },
  ],
  prepare(folder) {
    const series = readPems(folder);
    const stream = streamOf(series, [1]);
    return {
      streams: [stream],
      scorer: (recorder) => pemsScorer(series, stream, recorder),
      references() {
        const scorer = pemsScorer(series, stream);
        stream.rows.forEach(({ values }, row) => {
          scorer.see(stream, row, pointStep(Float64Array.from(values)));
        });
        return [
          { name: 'persistence', metrics: scorer.metrics(), expected: { mae: 8.34, rmse: 11.31 }, tolerance: 0.006 },
          fixedSeasonReference({ streams: [stream], scorer: () => pemsScorer(series, stream) }, 'one day ago', dayRows),
        ];
      },
    };
  },
};

function pemsScorer({ trainRows }: Pems, stream: Stream, recorder?: Recorder): Scorer {
  const from = trainRows + historyRows - 1;
  const score = new ForecastScore(stream, [{ steps: [1], from, to: stream.rows.length - 2 }], recorder);
  return {
    see: (_, row, step) => score.see(row, step),
    metrics() {
      const { mae, rmse, mape } = score.errors[0];
      return { mae, rmse, mape, ...score.distribution.metrics };
    },
  };
}
