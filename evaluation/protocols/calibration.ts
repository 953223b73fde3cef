import type { AlarmBudget } from '../../operators/budget.js';
import { detectDefaults } from '../../operators/detect.js';
import type { Benchmark, Metrics, Prepared, Scorer } from '../benchmark.js';
import { JudgedKeys } from '../budgets.js';
import { cleanSeries, type Nature, natures, stepMs, unseen } from '../data/clean.js';
import type { Step } from '../forecaster.js';
import { type Stream, streamOf } from '../stream.js';

/** Keys of each nature: 14 natures make 1,008. */
const keysEach = 72;
const rows = 5000;
/** Far from the seeds that beliefs were fitted to. */
const firstSeed = 1000;
/** The budget that every key has by default: one false alarm in so many rows. */
const budgetRows = 2000;
/** Rows that are only learnt from. */
const { warmupRows } = detectDefaults;
const youngRows = 1000;
const dayMs = 86_400_000;

/** Streams without anomalies: how many alarms come of those that the budget allows, and how often a score is at most p, over p. */
export const calibration: Benchmark = {
  name: 'calibration',
  about:
    '1,008 keys in which nothing is wrong: alarms over the budget (1 is kept), and how often a score p comes, over p',
  kind: 'anomaly',
  alone: true,
  evidence: true,
  columns: [
    'alarms_over_budget',
    'least_of_natures',
    'most_of_natures',
    'natures_within_25_percent',
    'young',
    'key_7d',
    'all_50_1d',
    'fdr_0_1',
    'score_0_1',
    'score_0_01',
    'score_0_001',
    ...natures.map(nameOf),
  ],
  anchors: [],
  prepare: () => prepareCalibration(natures, keysEach, rows, firstSeed),
};

export function nameOf(nature: Nature): string {
  return `${unseen.includes(nature) ? 'unseen_' : ''}${nature.replaceAll(/[^a-z]+/g, '_')}`;
}

/** So many keys of each nature; a stream is made when it is read and only one is kept. */
export function prepareCalibration(of: readonly Nature[], keys: number, rows: number, firstSeed: number): Prepared {
  let made: { name: string; stream: Stream } | undefined;
  const streams = of.flatMap((nature) =>
    Array.from({ length: keys }, (_, i): Stream => {
      const name = `${nameOf(nature)}-${firstSeed + i}`;
      const { channels } = cleanSeries(nature, firstSeed + i, 1);
      return {
        name,
        channels,
        horizons: [1],
        keyCount: 1,
        get rows() {
          if (made?.name !== name) made = { name, stream: streamOf(cleanSeries(nature, firstSeed + i, rows), [1]) };
          return made.stream.rows;
        },
      };
    }),
  );
  return { streams, scorer: () => new CalibrationScorer(of, keys, rows), references: () => [] };
}

class CalibrationScorer implements Scorer {
  readonly #alarms: Map<string, number>;
  readonly #below = [0.1, 0.01, 0.001].map((p) => ({ p, rows: 0 }));
  readonly #judged = new JudgedKeys();
  #young = 0;

  constructor(
    readonly of: readonly Nature[],
    readonly keys: number,
    readonly rows: number,
  ) {
    this.#alarms = new Map(of.map((nature) => [nameOf(nature), 0]));
  }

  see({ name }: Stream, row: number, { alarm, share, evidence }: Step): void {
    if (evidence) this.#judged.see(name, row, evidence);
    for (const level of this.#below) if (share <= level.p) level.rows++;
    if (!alarm) return;
    const nature = name.slice(0, name.lastIndexOf('-'));
    this.#alarms.set(nature, (this.#alarms.get(nature) as number) + 1);
    if (row < youngRows) this.#young++;
  }

  metrics(): Metrics {
    const allowed = (keys: number, rows: number) => (keys * (rows - warmupRows)) / budgetRows;
    const each = [...this.#alarms].map(([name, alarms]) => [name, alarms / allowed(this.keys, this.rows)] as const);
    const ratios = each.map(([, ratio]) => ratio);
    const all = this.keys * this.of.length;
    return {
      alarms_over_budget: ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length,
      least_of_natures: Math.min(...ratios),
      most_of_natures: Math.max(...ratios),
      natures_within_25_percent: ratios.filter((ratio) => Math.abs(ratio - 1) <= 0.25).length,
      young: this.#young / allowed(all, Math.min(youngRows, this.rows)),
      ...(this.#judged.keys > 0 ? this.#otherBudgets(all) : {}),
      ...Object.fromEntries(
        this.#below.map(({ p, rows }) => [
          `score_${String(p).replace('.', '_')}`,
          rows / (all * (this.rows - warmupRows)) / p,
        ]),
      ),
      ...Object.fromEntries(each),
    };
  }

  /**
   * Alarms over other budgets, of the same judged rows with all keys in one shard. False discoveries have no number that
   * is allowed where all are false: what is divided by is what a key without any may spend, the target in 100,000 tests.
   */
  #otherBudgets(keys: number): Metrics {
    const alarms = (budget: AlarmBudget): number => this.#judged.alarms(budget, this.rows, warmupRows, stepMs);
    const judgedMs = (this.rows - warmupRows) * stepMs;
    const target = 0.1;
    return {
      key_7d: alarms({ alarms: 1, per: 'key', every: '7d' }) / ((keys * judgedMs) / (7 * dayMs)),
      all_50_1d: alarms({ alarms: 50, per: 'all', every: '1d' }) / ((50 * judgedMs) / dayMs),
      fdr_0_1: alarms({ falseDiscoveries: target }) / (target * ((keys * this.rows) / 100_000)),
    };
  }
}
