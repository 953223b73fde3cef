import type { Benchmark, Metrics, Prepared, Scorer } from '../benchmark.js';
import { gaps, type InjectionKind, injectedSeries, injectionKinds, strengths } from '../data/injected.js';
import type { LabelledSeries } from '../data/nab.js';
import { alarmedSeries, episodeScore } from '../episodes.js';
import type { Step } from '../forecaster.js';
import { overdueScore } from '../overdue.js';
import { type Stream, streamOf } from '../stream.js';
import { bufferRows, vusPr } from '../vus.js';

const seeds = 20;
/** Rows that are only learnt from. */
const warmupRows = 100;

/** Strength of what comes again. */
const medium = strengths.indexOf('medium');

/**
 * Twelve kinds of anomalies in three strengths, at the default budget: the share that is found, and how late in rows; and of
 * those in medium strength the share that is found 300 and 1,000 rows after the same in its strongest form.
 */
export const injected: Benchmark = {
  name: 'injected',
  about:
    'twelve kinds of anomalies x three strengths, 20 series each, at the default budget: share found, delay in rows; again: after one that was stronger',
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
    ...gaps.map((gap) => `again_${gap}`),
    'again_vus_pr',
    ...injectionKinds.flatMap((kind) => gaps.map((gap) => `${kind}_again_${gap}`)),
  ],
  anchors: [],
  prepare: () => prepareInjected(injectionKinds, seeds),
};

export function prepareInjected(kinds: readonly InjectionKind[], seeds: number): Prepared {
  const each = (make: (kind: InjectionKind, seed: number) => LabelledSeries[]): LabelledSeries[] =>
    kinds.flatMap((kind) => Array.from({ length: seeds }, (_, seed) => make(kind, seed)).flat());
  const once = each((kind, seed) => strengths.map((_, strength) => injectedSeries(kind, strength, seed)));
  const again = each((kind, seed) => gaps.map((gap) => injectedSeries(kind, medium, seed, gap)));
  return {
    streams: [...once, ...again].map((one) => streamOf(one, [1])),
    scorer: () => new InjectedScorer(once, again),
    references: () => [],
  };
}

class InjectedScorer implements Scorer {
  readonly #alarms: Map<string, Uint8Array>;
  readonly #scores: Map<string, Float64Array>;

  constructor(
    readonly once: readonly LabelledSeries[],
    readonly again: readonly LabelledSeries[],
  ) {
    const series = [...once, ...again];
    this.#alarms = new Map(series.map(({ name, rows }) => [name, new Uint8Array(rows.length)]));
    this.#scores = new Map(series.map(({ name, rows }) => [name, new Float64Array(rows.length)]));
  }

  see({ name }: Stream, row: number, { alarm, score }: Step): void {
    (this.#alarms.get(name) as Uint8Array)[row] = Number(alarm);
    (this.#scores.get(name) as Float64Array)[row] = score;
  }

  metrics(): Metrics {
    const groups = groupsOf(this.once);
    const { episode_recall, episode_precision, delay_rows } = this.#scoreOf(this.once);
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
      ...this.#again(),
    };
  }

  /** Of what comes after the same in a stronger form: the share that is found all the same. */
  #again(): Metrics {
    const found = (series: readonly LabelledSeries[]): number => {
      const second = series.map((one) => ({ ...one, windows: one.windows.slice(-1) }));
      return this.#scoreOf(second).episode_recall;
    };
    const after = (gap: number) => this.again.filter(({ name }) => name.includes(`-again_${gap}-`));
    const each = [...groupsOf(this.again)].map(([name, group]) => [name.replace('_medium', ''), found(group)]);
    return {
      ...Object.fromEntries(gaps.map((gap) => [`again_${gap}`, found(after(gap))])),
      again_vus_pr: meanOf(this.again.map((one) => this.#vusOf(one))),
      ...Object.fromEntries(each),
    };
  }

  /** Volume under the precision-recall surface of the continuous score, whatever alarms: the mean, and that of each kind. */
  #vus(): Metrics {
    const each = this.once.map((one) => ({ kind: kindOf(one), vus: this.#vusOf(one) }));
    const mean = (kind?: string): number =>
      meanOf(each.filter((one) => kind === undefined || one.kind === kind).map(({ vus }) => vus));
    const kinds = [...new Set(each.map(({ kind }) => kind))];
    return { vus_pr: mean(), ...Object.fromEntries(kinds.map((kind) => [`${kind}_vus_pr`, mean(kind)])) };
  }

  #vusOf({ name, rows, windows }: LabelledSeries): number {
    const labels = new Uint8Array(rows.length);
    for (const [first, last] of windows) labels.fill(1, first, last + 1);
    return vusPr(this.#scores.get(name) as Float64Array, labels, bufferRows(gapless(rows)));
  }

  #scoreOf(series: readonly LabelledSeries[]) {
    return episodeScore(
      series.map(({ name, windows, rows }) =>
        alarmedSeries(rows, windows, this.#alarms.get(name) as Uint8Array, warmupRows),
      ),
    );
  }
}

const kindOf = ({ name }: LabelledSeries): string => name.slice(0, name.indexOf('-'));

/** The seeds of each kind in each form. */
function groupsOf(series: readonly LabelledSeries[]): Map<string, LabelledSeries[]> {
  const groups = new Map<string, LabelledSeries[]>();
  for (const one of series) {
    const group = one.name.slice(0, one.name.lastIndexOf('-')).replaceAll('-', '_');
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return groups;
}

const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

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
