import type { Anchor, Benchmark, Metrics, Recorder, Reference, Scorer } from '../benchmark.js';
import { type LabelledSeries, nabFolder, readNab, readNabScores } from '../data/nab.js';
import { alarmedSeries, episodeScore } from '../episodes.js';
import { nabAlarms, nabLeaveOneOut, nabSweep, probationRows } from '../nab-score.js';
import { streamOf } from '../stream.js';

const named = (standard: number, lowFp: number, lowFn: number, suffix = ''): Metrics => ({
  [`standard${suffix}`]: standard,
  [`reward_low_fp${suffix}`]: lowFp,
  [`reward_low_fn${suffix}`]: lowFn,
});

const board = (name: string, source: Anchor['source'], swept: Metrics, leftOut: Metrics = {}): Anchor => ({
  name,
  source,
  metrics: { ...swept, ...leftOut },
});

/** Detectors whose published scores per row are in the data folder, and what they must come to. */
const detectors: Record<string, Metrics> = {
  ARTime: named(74.85, 65.15, 80.36),
  numenta: named(70.1, 63.21, 74.32),
  contextOSE: named(69.9, 66.98, 73.18),
  htmjava: named(66.06, 58.8, 70.74),
  randomCutForest: named(51.72, 38.36, 59.75),
  windowedGaussian: named(39.65, 20.87, 47.41),
};

/** The Numenta Anomaly Benchmark: a fresh forecaster per file, one threshold for all 58. */
export const nab: Benchmark = {
  name: 'nab',
  about:
    'the 58 series of the Numenta Anomaly Benchmark; _loo: threshold from the other 57, _alarm: the alarms as they are',
  kind: 'anomaly',
  folder: nabFolder,
  columns: ['', '_loo', '_alarm']
    .flatMap((suffix) => Object.keys(named(0, 0, 0, suffix)))
    .concat('episode_recall', 'episode_precision', 'delay_rows', 'false_per_day'),
  anchors: [
    board('Numenta HTM, README', 'published', named(70.5, 62.6, 75.2)),
    board('HTM Java, README', 'published', named(56.8, 50.7, 61.4)),
    board('earthgecko Skyline', 'published', named(58.2, 46.2, 63.9)),
    board('KNN CAD', 'published', named(58.0, 43.4, 64.8)),
    board('Twitter ADVec', 'published', named(47.1, 33.6, 53.5)),
    board('outside the range by 1 %', 'own recipe', named(55.8, 53.3, 58.2)),
  ],
  prepare(folder) {
    const files = readNab(folder);
    return {
      streams: files.map((file) => streamOf(file, [1])),
      scorer: (recorder) => nabScorer(files, recorder),
      references: () =>
        Object.entries(detectors).map(([detector, expected]): Reference => {
          const scores = readNabScores(folder, detector);
          const scored = files.map(({ name, windows }) => ({ name, windows, scores: scores.get(name)! }));
          return { name: detector, metrics: { ...sweptOf(scored), ...leftOutOf(scored) }, expected, tolerance: 0.01 };
        }),
    };
  },
};

const sweptOf = (files: Parameters<typeof nabSweep>[0]): Metrics => named(...scoresOf(nabSweep(files)));
const leftOutOf = (files: Parameters<typeof nabSweep>[0]): Metrics => named(...scoresOf(nabLeaveOneOut(files)), '_loo');
const scoresOf = (results: readonly { score: number }[]) =>
  results.map(({ score }) => score) as [standard: number, lowFp: number, lowFn: number];

function nabScorer(files: readonly LabelledSeries[], recorder?: Recorder): Scorer {
  const byName = new Map(
    files.map((file) => {
      const rows = file.rows.length;
      return [file.name, { ...file, scores: new Float64Array(rows), alarms: new Float64Array(rows) }];
    }),
  );
  return {
    see({ name }, row, step) {
      const file = byName.get(name)!;
      file.scores[row] = step.onset;
      file.alarms[row] = Number(step.alarm);
      const { timeMs, values } = file.rows[row];
      recorder?.score(name, row, timeMs, values, { ...step, score: step.onset });
    },
    metrics() {
      const scored = [...byName.values()];
      const alarms = nabAlarms(scored.map(({ name, windows, alarms }) => ({ name, windows, scores: alarms })));
      const episodes = episodeScore(
        scored.map(({ alarms, windows, rows }) => alarmedSeries(rows, windows, alarms, probationRows(rows.length))),
      );
      return { ...sweptOf(scored), ...leftOutOf(scored), ...named(...scoresOf(alarms), '_alarm'), ...episodes };
    },
  };
}
