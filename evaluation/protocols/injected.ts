import type { Benchmark, Metrics, Prepared, Scorer } from '../benchmark.js';
import { type InjectionKind, injectedSeries, injectionKinds, strengths } from '../data/injected.js';
import type { LabelledSeries } from '../data/nab.js';
import { alarmedSeries, episodeScore } from '../episodes.js';
import type { Step } from '../forecaster.js';
import { overdueScore } from '../overdue.js';
import { type Stream, streamOf } from '../stream.js';
import { bufferRows, vusPr } from '../vus.js';

const seeds = 20;
/** Rows that are only learnt from. */
const warmupRows = 100;

/** Twelve kinds of anomalies in three strengths, at the default budget: the share that is found, and how late in rows. */
export const injected: Benchmark = {
  name: 'injected',
  about:
    'twelve kinds of anomalies x three strengths, 20 series each, at the default budget: share found, delay in rows',
  kind: 'anomaly',
  alone: true,
  columns: [
    'found',
    'episode_precision',
    'delay_rows',
    'vus_pr',
    ...injectionKinds.map((kind) => `${kind}_vus_pr`),
    ...injectionKinds.flatMap((kind) => strengths.map((strength) => `${kind}_${strength}`)),
    ...injectionKinds.flatMap((kind) => strengths.map((strength) => `${kind}_${strength}_delay`)),
    ...strengths.flatMap((strength) => [`overdue_${strength}`, `overdue_${strength}_delay`]),
    'overdue_untrue',
  ],
  anchors: [],
  prepare: () => prepareInjected(injectionKinds, seeds),
};

export function prepareInjected(kinds: readonly InjectionKind[], seeds: number): Prepared {
  const series = kinds.flatMap((kind) =>
    strengths.flatMap((_, strength) =>
      Array.from({ length: seeds }, (_, seed) => injectedSeries(kind, strength, seed)),
    ),
  );
  return {
    streams: series.map((one) => streamOf(one, [1])),
    scorer: () => new InjectedScorer(series),
    references: () => [],
  };
}

class InjectedScorer implements Scorer {
  readonly #alarms: Map<string, Uint8Array>;
  readonly #scores: Map<string, Float64Array>;

  constructor(readonly series: readonly LabelledSeries[]) {
    this.#alarms = new Map(series.map(({ name, rows }) => [name, new Uint8Array(rows.length)]));
    this.#scores = new Map(series.map(({ name, rows }) => [name, new Float64Array(rows.length)]));
  }

  see({ name }: Stream, row: number, { alarm, score }: Step): void {
    (this.#alarms.get(name) as Uint8Array)[row] = Number(alarm);
    (this.#scores.get(name) as Float64Array)[row] = score;
  }

  metrics(): Metrics {
    const groups = new Map<string, LabelledSeries[]>();
    for (const one of this.series) {
      const group = one.name.slice(0, one.name.lastIndexOf('-')).replace('-', '_');
      groups.set(group, [...(groups.get(group) ?? []), one]);
    }
    const { episode_recall, episode_precision, delay_rows } = this.#scoreOf(this.series);
    const each = [...groups].flatMap(([name, group]) => {
      const score = this.#scoreOf(group);
      return [
        [name, score.episode_recall],
        [`${name}_delay`, score.delay_rows],
      ];
    });
    const overdue = [...groups].filter(([name]) => name.startsWith('silence_'));
    return {
      found: episode_recall,
      episode_precision,
      delay_rows,
      ...this.#vus(),
      ...Object.fromEntries([...each, ...overdueMetrics(overdue)]),
    };
  }

  /** Volume under the precision-recall surface of the continuous score, whatever alarms: the mean, and that of each kind. */
  #vus(): Metrics {
    const sums = new Map<string, { sum: number; count: number }>();
    for (const { name, rows, windows } of this.series) {
      const labels = new Uint8Array(rows.length);
      for (const [first, last] of windows) labels.fill(1, first, last + 1);
      const one = vusPr(this.#scores.get(name) as Float64Array, labels, bufferRows(gapless(rows)));
      const kind = `${name.slice(0, name.indexOf('-'))}_vus_pr`;
      for (const of of ['vus_pr', kind]) {
        const { sum, count } = sums.get(of) ?? { sum: 0, count: 0 };
        sums.set(of, { sum: sum + one, count: count + 1 });
      }
    }
    return Object.fromEntries([...sums].map(([of, { sum, count }]) => [of, sum / count]));
  }

  #scoreOf(series: readonly LabelledSeries[]) {
    return episodeScore(
      series.map(({ name, windows, rows }) =>
        alarmedSeries(rows, windows, this.#alarms.get(name) as Uint8Array, warmupRows),
      ),
    );
  }
}

/** The first channel, a missing value as the last one before it. */
function gapless(rows: LabelledSeries['rows']): Float64Array {
  let last = 0;
  return Float64Array.from(rows, ({ values: [value] }) => {
    if (Number.isFinite(value)) last = value as number;
    return last;
  });
}

/** The gaps of the kind `silence` while they last: what the step of that name tells of them, whatever the memory. */
function overdueMetrics(groups: readonly [name: string, series: readonly LabelledSeries[]][]): [string, number][] {
  let untrue = 0;
  const each = groups.flatMap(([name, series]): [string, number][] => {
    const score = overdueScore(series);
    untrue += score.untrue;
    const as = name.replace('silence', 'overdue');
    return [
      [as, score.told],
      [`${as}_delay`, score.delay_rows],
    ];
  });
  return groups.length === 0 ? [] : [...each, ['overdue_untrue', untrue]];
}
