import type { Anchor, Benchmark, Recorder, Scorer } from '../benchmark.js';
import type { Window } from '../data/nab.js';
import { type Experiment, readSkab, skabFolder } from '../data/skab.js';
import { alarmedSeries, episodeScore } from '../episodes.js';
import { Confusion } from '../outliers.js';
import { streamOf } from '../stream.js';
import { segmentsOf } from '../vus.js';

/** The rows a detector may get used to. */
const trainRows = 400;

const published = (name: string, f1: number, far: number, mar: number): Anchor => ({
  name,
  source: 'published',
  metrics: { f1, far, mar },
});

/** Eight sensors of a water circuit, 34 experiments; a fresh forecaster for each, rows after 400 that it calls abnormal are scored. */
export const skab: Benchmark = {
  name: 'skab',
  about:
    'the 34 experiments of SKAB, 8 sensors: outlier F1, false and missed alarm rates in percent; alarm_: the alarms as they are',
  kind: 'anomaly',
  folder: skabFolder,
  columns: ['f1', 'far', 'mar'].concat(
    ['', 'alarm_'].flatMap((of) => [`${of}episode_recall`, `${of}episode_precision`, `${of}delay_rows`]),
  ),
  anchors: [
    published('Conv-AE', 0.78, 13.6, 28.0),
    published('MSET', 0.78, 39.7, 14.1),
    published('T2+Q', 0.76, 26.6, 24.9),
    published('LSTM-AE', 0.74, 30.0, 25.9),
    published('T2', 0.66, 19.2, 42.6),
  ],
  prepare(folder) {
    const experiments = readSkab(folder);
    return {
      streams: experiments.map((experiment) => streamOf(experiment, [1])),
      scorer: (recorder) => skabScorer(experiments, recorder),
      references: () => [],
    };
  },
};

function skabScorer(experiments: readonly Experiment[], recorder?: Recorder): Scorer {
  const flags = () => new Map(experiments.map(({ name, rows }) => [name, new Uint8Array(rows.length)]));
  const [abnormal, alarms] = [flags(), flags()];
  const episodesOf = (flagged: typeof alarms) =>
    episodeScore(
      experiments.map(({ name, rows, anomalous }) =>
        alarmedSeries(rows, segmentsOf(anomalous) as Window[], flagged.get(name)!, trainRows),
      ),
    );
  return {
    see({ name, rows }, row, step) {
      abnormal.get(name)![row] = Number(step.abnormal);
      alarms.get(name)![row] = Number(step.alarm);
      recorder?.score(name, row, rows[row].timeMs, rows[row].values, { ...step, alarm: step.abnormal });
    },
    metrics() {
      const confusion = new Confusion();
      for (const { name, anomalous } of experiments) {
        const own = abnormal.get(name)!;
        for (let row = trainRows; row < own.length; row++) confusion.add(anomalous[row], own[row] === 1);
      }
      const { false_per_day, ...episodes } = episodesOf(abnormal);
      const told = episodesOf(alarms);
      return {
        ...confusion.metrics,
        ...episodes,
        alarm_episode_recall: told.episode_recall,
        alarm_episode_precision: told.episode_precision,
        alarm_delay_rows: told.delay_rows,
      };
    },
  };
}
