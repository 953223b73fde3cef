import type { Benchmark, Metrics, Recorder, Reference, Scorer } from '../benchmark.js';
import { type LabelledSeries, nabFolder, readNab, readNabScores } from '../data/nab.js';
import { channelOf } from '../data/series.js';
import { alarmedSeries, episodeScore } from '../episodes.js';
import { streamOf } from '../stream.js';
import { bufferRows, vusPr } from '../vus.js';

/** The series of TSB-AD-U that are NAB files, in its order. */
const series = [
  'ec2_request_latency_system_failure',
  'occupancy_6005',
  'nyc_taxi',
  'art_load_balancer_spikes',
  'TravelTime_451',
  'speed_t4013',
  'exchange-3_cpm_results',
  'ambient_temperature_system_failure',
  'art_increase_spike_density',
  'rogue_agent_key_hold',
  'ec2_cpu_utilization_5f5533',
  'cpu_utilization_asg_misconfiguration',
  'Twitter_volume_FB',
  'speed_6005',
];

const expected: Record<string, Metrics> = {
  htmjava: { vus_pr: 0.235, vus_pr_nyc_taxi: 0.274 },
  numenta: { vus_pr: 0.217, vus_pr_nyc_taxi: 0.219 },
  ARTime: { vus_pr: 0.114 },
};

/** Volume under the precision-recall surface of the continuous score: no threshold, no point adjustment. */
export const vus: Benchmark = {
  name: 'vus',
  about: 'the continuous score on the 14 NAB series of TSB-AD-U, mean VUS-PR; of the alarms episodes and delay',
  kind: 'anomaly',
  folder: nabFolder,
  columns: ['vus_pr', 'vus_pr_nyc_taxi', 'episode_recall', 'episode_precision', 'delay_rows'],
  anchors: [
    { name: 'POLY, offline', source: 'published', metrics: { vus_pr: 0.376 } },
    { name: 'Sub-PCA, offline', source: 'published', metrics: { vus_pr: 0.331 } },
    { name: 'MatrixProfile, offline', source: 'published', metrics: { vus_pr: 0.256 } },
    { name: 'random', source: 'published', metrics: { vus_pr: 0.113 } },
    { name: 'window Mahalanobis, smoothed', source: 'own recipe', metrics: { vus_pr: 0.416 } },
  ],
  prepare(folder) {
    const found = readNab(folder, series);
    const files = series.map((name) => found.find((file) => file.name.endsWith(`/${name}.csv`))!);
    return {
      streams: files.map((file) => streamOf(file, [1])),
      scorer: (recorder) => vusScorer(files, recorder),
      references: () =>
        Object.entries(expected).map(([detector, metrics]): Reference => {
          const scores = readNabScores(folder, detector);
          return {
            name: detector,
            metrics: vusOf(files, (name) => scores.get(name)!),
            expected: metrics,
            tolerance: 0.0006,
          };
        }),
    };
  },
};

/** VUS-PR of one NAB file as TSB-AD has it: without its first row, windows without their last. */
export function vusOfFile(file: LabelledSeries, scores: Float64Array): number {
  const labels = new Uint8Array(scores.length - 1);
  for (const [first, last] of file.windows) labels.fill(1, first, last);
  return vusPr(scores.subarray(1), labels, bufferRows(channelOf(file).subarray(1)));
}

function vusOf(files: readonly LabelledSeries[], scoresOf: (name: string) => Float64Array): Metrics {
  const each = files.map((file) => vusOfFile(file, scoresOf(file.name)));
  const byName = Object.fromEntries(series.map((name, at) => [`vus_pr_${name.toLowerCase()}`, each[at]]));
  return { vus_pr: each.reduce((sum, value) => sum + value, 0) / each.length, ...byName };
}

function vusScorer(files: readonly LabelledSeries[], recorder?: Recorder): Scorer {
  const scores = new Map(files.map(({ name, rows }) => [name, new Float64Array(rows.length)]));
  const alarms = new Map(files.map(({ name, rows }) => [name, new Uint8Array(rows.length)]));
  return {
    see({ name, rows }, row, step) {
      scores.get(name)![row] = step.score;
      alarms.get(name)![row] = Number(step.alarm);
      recorder?.score(name, row, rows[row].timeMs, rows[row].values, step);
    },
    metrics() {
      const { false_per_day, ...episodes } = episodeScore(
        files.map(({ name, windows, rows }) => alarmedSeries(rows, windows, alarms.get(name)!, 0)),
      );
      return { ...vusOf(files, (name) => scores.get(name)!), ...episodes };
    },
  };
}
