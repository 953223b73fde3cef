import type { Benchmark, Metrics, Recorder, Scorer } from '../benchmark.js';
import { hotgymFolder, readHotgym } from '../data/hotgym.js';
import { fixedSeasonReference } from '../fixed-season.js';
import { ForecastScore } from '../forecast-score.js';
import { type Stream, streamOf } from '../stream.js';

/** One hour and one day. */
const steps = [1, 24] as const;
/** Six weeks to learn in. */
const scoredFrom = 1008;
const weekRows = 168;

/** The classic demonstration series of HTM; there is no published table to compare with. */
export const hotgym: Benchmark = {
  name: 'hotgym',
  about: 'hourly energy of a recreation centre, 1 and 24 hours ahead',
  kind: 'forecast',
  folder: hotgymFolder,
  columns: ['mape_1', 'mape_24', 'mae_1', 'mae_24', 'crps', 'coverage_80', 'coverage_90', 'coverage_98'],
  anchors: [],
  prepare(folder) {
    const series = readHotgym(folder);
    const stream = streamOf(series, steps);
    return {
      streams: [stream],
      scorer: (recorder) => hotgymScorer(stream, recorder),
      references() {
        return [
          fixedSeasonReference({ streams: [stream], scorer: () => hotgymScorer(stream) }, 'one week ago', weekRows),
        ];
      },
    };
  },
};

function hotgymScorer(stream: Stream, recorder?: Recorder): Scorer {
  const last = stream.rows.length - 1;
  const spans = steps.map((step) => ({ steps: [step], from: scoredFrom, to: last - step }));
  const score = new ForecastScore(stream, spans, recorder);
  return {
    see: (_, row, step) => score.see(row, step),
    metrics(): Metrics {
      const named = score.errors.flatMap(({ mape, mae, rmse }, at) => [
        [`mape_${steps[at]}`, mape],
        [`mae_${steps[at]}`, mae],
        [`rmse_${steps[at]}`, rmse],
      ]);
      return { ...Object.fromEntries(named), ...score.distribution.metrics };
    },
  };
}
