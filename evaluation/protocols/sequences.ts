import type { Anchor, Metrics } from '../benchmark.js';
import { type Element, type LogOptions, sequenceLog } from '../sequence-log.js';
import type { SequenceSubject } from '../sequence-predictors.js';
import {
  accuracyAt,
  elementsToRelearn,
  elementsUntil,
  type FollowOptions,
  followSequences,
  type Hits,
  sequencesUntilPerfect,
} from '../sequence-score.js';

/** What is said on the benchmark's page and in the help. */
export const sequences = {
  name: 'sequences',
  about: 'discrete high-order sequences, the protocol of Cui, Ahmad and Hawkins 2016; needs no data',
  columns: [
    ...['acc_3000', 'acc_10000', 'to_95', 'acc_20000', 'relearn_95', 'two_6000', 'four_10000'],
    ...['dead_30', 'dead_40', 'dead_50', 'noise_always', 'noise_late', 'order_100'],
  ],
  anchors: [
    {
      name: 'HTM',
      source: 'published',
      metrics: {
        ...{ acc_3000: 0.3, acc_10000: 1, to_95: 7010, acc_20000: 1, relearn_95: 2935, two_6000: 1, four_10000: 0.97 },
        ...{ dead_30: 1, dead_40: 0.894, dead_50: 0.522, noise_always: 0.53, noise_late: 0.5, order_100: 1840 },
      },
    },
    { name: 'TDNN', source: 'published', metrics: { acc_10000: 1, to_95: 2766, acc_20000: 1, relearn_95: 3917 } },
  ] satisfies readonly Anchor[],
} as const;

const elements = 20_000;
const half = elements / 2;
/** Sequences of each order that are shown until one is perfect. */
const orderSequences = 800;

/** A part of the benchmark: what is shown, and what is read off it. */
interface Trial {
  readonly log: Omit<LogOptions, 'seed'>;
  readonly follow?: FollowOptions;
  /** Share of the cells that die at the freeze. */
  readonly dead?: number;
  metrics(hits: Hits): Metrics;
}

const base: Trial = {
  log: { elements, swapAt: half },
  metrics: (hits) => ({
    ...Object.fromEntries([1000, 2000, 3000, 5000].map((at) => [`acc_${at}`, accuracyAt(hits, at)])),
    acc_10000: accuracyAt(hits, half),
    to_95: elementsUntil(hits, 0.95),
    acc_20000: accuracyAt(hits, elements),
    relearn_95: elementsToRelearn(hits, 0.95, half),
  }),
};

const endings = (count: 2 | 4, name: string): Trial => ({
  log: { elements: 11_000, endings: count },
  follow: { most: count },
  metrics: (hits) =>
    Object.fromEntries([4000, 6000, 8000, half, 11_000].map((at) => [`${name}_${at}`, accuracyAt(hits, at)])),
});

const dead = (percent: number): Trial => ({
  log: { elements: half + 5000 },
  follow: { freezeAt: half },
  dead: percent / 100,
  metrics({ at, hit }) {
    const after = hit.filter((_, i) => at[i] > half);
    return { [`dead_${percent}`]: after.filter(Boolean).length / after.length };
  },
});

const noise = (from: number, name: string): Trial => ({
  log: { elements, noiseFrom: from },
  metrics: (hits) => ({ [name]: meanFrom(hits, elements - 5000) }),
});

const order = (length: number): Trial => ({
  log: { elements: orderSequences * (length + 2), order: length },
  metrics: (hits) => ({ [`order_${length}`]: sequencesUntilPerfect(hits) }),
});

/** Mean over the scored elements from one on. */
function meanFrom({ at, hit }: Hits, from: number): number {
  const late = hit.filter((_, i) => at[i] >= from);
  return late.filter(Boolean).length / late.length;
}

/** Every part, each with a fresh subject. */
export const sequenceTrials: Readonly<Record<string, Trial>> = {
  base,
  two: endings(2, 'two'),
  four: endings(4, 'four'),
  ...Object.fromEntries([0, 10, 20, 30, 40, 50].map((percent) => [`dead_${percent}`, dead(percent)])),
  noise_always: noise(0, 'noise_always'),
  noise_late: noise(12_000, 'noise_late'),
  ...Object.fromEntries([10, 40, 100].map((length) => [`order_${length}`, order(length)])),
};

export interface SequenceRun {
  readonly make: (seed: number) => SequenceSubject;
  readonly seed: number;
  /** Names of the parts; all when absent. */
  readonly parts?: readonly string[];
  readonly onPart?: (name: string) => void;
}

/** All metrics of one subject and seed. */
export function runSequences({ make, seed, parts = Object.keys(sequenceTrials), onPart }: SequenceRun): {
  metrics: Metrics;
  elements: number;
} {
  let metrics: Metrics = {};
  let shown = 0;
  for (const name of parts) {
    onPart?.(name);
    const trial = sequenceTrials[name];
    const log: readonly Element[] = sequenceLog({ ...trial.log, seed });
    const subject = make(seed);
    // Who has no cells cannot be tried for what their death does.
    if (trial.dead !== undefined && !subject.damage) continue;
    const hits = followSequences(log, subject, {
      ...trial.follow,
      onFreeze: () => subject.damage?.(trial.dead ?? 0, seed),
    });
    subject.close();
    shown += log.length;
    metrics = { ...metrics, ...trial.metrics(hits) };
  }
  return { metrics, elements: shown };
}
