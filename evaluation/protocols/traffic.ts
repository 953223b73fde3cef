import type { Benchmark, Metrics, Prepared, Recorder, Scorer } from '../benchmark.js';
import { losLoopFolder, readLosLoop } from '../data/los-loop.js';
import type { Series } from '../data/series.js';
import { fixedSeasonReference } from '../fixed-season.js';
import { ForecastScore, pointStep, stepsTo } from '../forecast-score.js';
import { keyedStreamOf, type Stream } from '../stream.js';

/** 15, 30, 45 and 60 minutes: errors are over all steps up to each. */
const reaches = [3, 6, 9, 12] as const;
const furthest = 12;
/** The first 80 % are for training, and the first forecast needs twelve rows of the rest. */
const trainRows = 1612;
const historyRows = 12;
const dayRows = 288;

const anchor = (name: string, source: 'published' | 'own recipe', errors: readonly number[]) => ({
  name,
  source,
  metrics: Object.fromEntries(
    reaches.flatMap((reach, at) => [
      [`rmse_${reach}`, errors[2 * at]],
      [`mae_${reach}`, errors[2 * at + 1]],
    ]),
  ),
});

/** T-GCN's split of one week of Los Angeles; each of the 207 sensors is a key of its own. */
export const traffic: Benchmark = {
  name: 'traffic',
  about: 'speeds at 207 sensors (Los-loop), 15 to 60 minutes ahead; rmse_3 is over steps 1 to 3',
  kind: 'forecast',
  folder: losLoopFolder,
  columns: reaches.flatMap((reach) => [`rmse_${reach}`, `mae_${reach}`]),
  anchors: [
    anchor('per-sensor online RLS', 'own recipe', [5.24, 3.0, 6.17, 3.4, 6.84, 3.72, 7.39, 3.99]),
    anchor('GRU, offline', 'published', [5.22, 3.06, 6.28, 3.65, 7.03, 4.09, 7.66, 4.52]),
    anchor('T-GCN, offline', 'published', [5.13, 3.18, 6.06, 3.75, 6.71, 4.12, 7.27, 4.6]),
    anchor('A3T-GCN, offline', 'published', [5.09, 3.14, 6.0, 3.66, 6.68, 4.17, 7.1, 4.23]),
  ],
  prepare(folder) {
    const { metrics: expected } = anchor('', 'own recipe', [5.54, 3.16, 6.7, 3.63, 7.63, 4.04, 8.46, 4.43]);
    return prepareTraffic(readLosLoop(folder), expected);
  },
};

/** The same on every eighth sensor, where many memories are compared; figures of others are on all of them. */
export const trafficEighth: Benchmark = {
  ...traffic,
  name: 'traffic-eighth',
  about: 'the same on every eighth sensor, for comparing many memories',
  columns: [...traffic.columns, 'crps', 'coverage_80', 'coverage_90', 'coverage_98'],
  anchors: [],
  prepare(folder) {
    const all = readLosLoop(folder);
    const kept = (_: unknown, sensor: number): boolean => sensor % 8 === 0;
    const rows = all.rows.map(({ timeMs, values }) => ({ timeMs, values: values.filter(kept) }));
    return prepareTraffic({ ...all, channels: all.channels.filter(kept), rows }, {});
  },
};

function prepareTraffic(series: Series, expected: Metrics): Prepared {
  const stream = keyedStreamOf(series, stepsTo(furthest));
  return {
    streams: [stream],
    scorer: (recorder) => trafficScorer(stream, recorder),
    references() {
      const scorer = trafficScorer(stream);
      stream.rows.forEach(({ values }, row) => {
        scorer.see(stream, row, pointStep(new Float64Array(furthest).fill(values[0])));
      });
      return [
        { name: 'persistence', metrics: scorer.metrics(), expected, tolerance: 0.006 },
        fixedSeasonReference({ streams: [stream], scorer: () => trafficScorer(stream) }, 'one day ago', dayRows),
      ];
    },
  };
}

function trafficScorer(stream: Stream, recorder?: Recorder): Scorer {
  const rows = stream.rows.length / stream.keyCount;
  const from = trainRows + historyRows - 1;
  // The source's loop leaves out the last origin it could score.
  const spans = reaches.map((reach) => ({ steps: stepsTo(reach), from, to: rows - reach - 2 }));
  const score = new ForecastScore(stream, spans, recorder);
  return {
    see: (_, row, step) => score.see(row, step),
    metrics(): Metrics {
      const named = score.errors.flatMap(({ rmse, mae }, at) => [
        [`rmse_${reaches[at]}`, rmse],
        [`mae_${reaches[at]}`, mae],
      ]);
      return { ...Object.fromEntries(named), ...score.distribution.metrics };
    },
  };
}
