import type { Anchor, Benchmark, Metrics, Recorder, Reference, Scorer } from '../benchmark.js';
import { type EttName, ettFolder, ettSplit, readEtt, standardise } from '../data/ett.js';
import type { Series } from '../data/series.js';
import { fixedSeasonReference } from '../fixed-season.js';
import { ForecastScore, pointStep, stepsTo } from '../forecast-score.js';
import { Gains, leastSquares, persistence, type Recipe } from '../recipes.js';
import { type Stream, streamOf } from '../stream.js';

/** Errors are means over all steps up to each of these. */
const reaches = [1, 24, 48] as const;
const furthest = 48;
const lags = 96;

/** Leak-free online forecasting: a target is learned only when its row has come. */
export const ett: Benchmark = {
  name: 'ett',
  about: 'transformer loads (ETTh1 and ETTm1), steps 1 to 1, 24 and 48; metrics as etth1_mse_24',
  kind: 'forecast',
  folder: ettFolder,
  columns: ['etth1_mse_1', 'etth1_mse_24', 'etth1_mse_48', 'ettm1_mse_1', 'ettm1_mse_24', 'ettm1_mse_48'],
  anchors: [
    anchor('DLinear + DSOF', 'published', [], [0.105, 0.525, 0.695]),
    anchor('FSNet + DSOF', 'published', [], [0.121, 0.609, 0.843]),
    anchor('OneNet + DSOF', 'published', [], [0.096, 0.418, 0.554]),
    anchor('PatchTST + DSOF', 'published', [], [0.108, 0.582, 0.805]),
  ],
  prepare(folder) {
    const parts = (['ETTh1', 'ETTm1'] as const).map((name) => prepareOne(folder, name));
    return {
      streams: parts.map(({ stream }) => stream),
      scorer(recorder) {
        const scorers = parts.map(({ stream, name }) => ({ stream, name, scorer: ettScorer(stream, name, recorder) }));
        return {
          see: (stream, row, step) => scorers.find((part) => part.stream === stream)?.scorer.see(stream, row, step),
          metrics: () =>
            Object.assign({}, ...scorers.map(({ name, scorer }) => prefixed(name, scorer.metrics()))) as Metrics,
        };
      },
      references: () => {
        const [hourly, quarterly] = parts.map(({ references }) => references());
        return hourly.map((reference, at) => ({
          name: reference.name,
          metrics: { ...prefixed('ETTh1', reference.metrics), ...prefixed('ETTm1', quarterly[at].metrics) },
          expected: { ...prefixed('ETTh1', reference.expected), ...prefixed('ETTm1', quarterly[at].expected) },
          tolerance: reference.tolerance,
        }));
      },
    };
  },
};

/** One of the two sets alone, metrics without a prefix. */
const alone = (name: EttName, anchors: readonly Anchor[]): Benchmark => ({
  name: name.toLowerCase(),
  about: `${name} alone, metrics as mse_24`,
  kind: 'forecast',
  folder: ettFolder,
  columns: [...reaches.map((reach) => `mse_${reach}`), 'crps', 'coverage_80', 'coverage_90', 'coverage_98'],
  anchors,
  prepare(folder) {
    const { stream, references } = prepareOne(folder, name);
    return { streams: [stream], scorer: (recorder) => ettScorer(stream, name, recorder), references };
  },
});

export const etth1 = alone('ETTh1', []);
export const ettm1 = alone('ETTm1', [
  { name: 'OneNet + DSOF', source: 'published', metrics: mseOf([0.096, 0.418, 0.554]) },
]);

function mseOf(values: readonly number[], prefix = ''): Metrics {
  return Object.fromEntries(values.map((value, at) => [`${prefix}mse_${reaches[at]}`, value]));
}

function anchor(
  name: string,
  source: Anchor['source'],
  hourly: readonly number[],
  quarterly: readonly number[],
): Anchor {
  return { name, source, metrics: { ...mseOf(hourly, 'etth1_'), ...mseOf(quarterly, 'ettm1_') } };
}

function prefixed(name: EttName, metrics: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([metric, value]) => [`${name.toLowerCase()}_${metric}`, value]),
  );
}

function prepareOne(folder: string, name: EttName) {
  const { trainRows, testTo } = ettSplit(name);
  const series = standardise(readEtt(folder, name), trainRows);
  const used = { ...series, rows: series.rows.slice(0, testTo) };
  const stream = streamOf(used, stepsTo(furthest));
  const floor = (): Reference => {
    const scored = { streams: [stream], scorer: () => ettScorer(stream, name) };
    return fixedSeasonReference(
      scored,
      'one day ago',
      dayRows[name],
      mseOf(expected[name]['one day ago'] as number[]),
      0.0006,
    );
  };
  return { name, stream, references: () => [...referencesOf(name, used), floor()] };
}

/** Origins from the last row before the test part on, so that its first row is the first target. */
function ettScorer(stream: Stream, name: EttName, recorder?: Recorder): Scorer {
  const { testFrom, testTo } = ettSplit(name);
  const spans = reaches.map((reach) => ({ steps: stepsTo(reach), from: testFrom - 1, to: testTo - 1 - reach }));
  const score = new ForecastScore(stream, spans, recorder);
  return {
    see: (_, row, step) => score.see(row, step),
    metrics() {
      const named = score.errors.flatMap(({ mse, mae }, at) => [
        [`mse_${reaches[at]}`, mse],
        [`mae_${reaches[at]}`, mae],
      ]);
      return { ...Object.fromEntries(named), ...score.distribution.metrics };
    },
  };
}

const dayRows: Record<EttName, number> = { ETTh1: 24, ETTm1: 96 };

const expected: Record<EttName, Record<string, readonly number[]>> = {
  ETTh1: {
    'one day ago': [0.925, 0.926, 1.069],
    persistence: [0.363, 2.796, 2.932],
    'online RLS, 96 lags': [0.216, 0.651, 0.775],
  },
  ETTm1: {
    'one day ago': [0.91, 0.91, 0.91],
    persistence: [0.12, 1.495, 2.64],
    'online RLS, 96 lags': [0.102, 0.478, 0.621],
  },
};

function referencesOf(name: EttName, series: Series): Reference[] {
  const gains = new Gains(series, lags, furthest);
  const recipes: Record<string, (steps: number) => Recipe> = {
    persistence: (steps) => persistence(series, steps),
    'online RLS, 96 lags': (steps) => leastSquares(series, steps, gains),
  };
  return Object.entries(recipes).map(([method, make]) => ({
    name: method,
    metrics: scoreRecipe(name, series, make),
    expected: mseOf(expected[name][method]),
    tolerance: 0.0006,
  }));
}

/** A recipe for several steps learns with the delay of the furthest, so there is one for each reach. */
function scoreRecipe(name: EttName, series: Series, make: (steps: number) => Recipe): Metrics {
  const { testFrom, testTo } = ettSplit(name);
  const runs = reaches.map((reach) => {
    const span = { steps: stepsTo(reach), from: testFrom - 1, to: testTo - 1 - reach };
    return {
      reach,
      recipe: make(reach),
      score: new ForecastScore(streamOf(series, stepsTo(reach)), [span]),
      mean: new Float64Array(reach * series.channels.length),
    };
  });
  for (let row = 0; row < series.rows.length; row++) {
    for (const { recipe, score, mean } of runs) {
      recipe.step(row, mean);
      score.see(row, pointStep(mean));
    }
  }
  return Object.fromEntries(runs.map(({ reach, score }) => [`mse_${reach}`, score.errors[0].mse]));
}
