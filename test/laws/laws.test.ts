import { afterAll, describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type MemoryName, memories } from '../../models/catalog.js';
import { netNames } from '../../models/net-shapes.js';
import { alert } from '../../operators/alert.js';
import { align, dropFilled } from '../../operators/align.js';
import { challenge } from '../../operators/challenge.js';
import { type Detected, detect } from '../../operators/detect.js';
import { episode } from '../../operators/episode.js';
import { evaluate } from '../../operators/evaluate.js';
import { htmDetect } from '../../operators/htm-detect.js';
import { interval } from '../../operators/interval.js';
import { normalize } from '../../operators/normalize.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { reorder } from '../../operators/reorder.js';
import { seasons } from '../../operators/seasons.js';
import { silence } from '../../operators/silence.js';
import type { Shard, Stage } from '../../operators/stage.js';
import { together } from '../../operators/together.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { shipped } from '../../pipelines/shipped.js';
import { pipelineOf } from '../../pipelines/spec.js';
import { stageNames } from '../../pipelines/stages.js';
import { chance, normal } from '../chance.js';
import { run } from '../operators/harness.js';
import { type Case, laws, type Make } from './laws.js';
import { disturbedStream, strangeStream } from './stream.js';

const events = disturbedStream();
const shard: Shard = { name: 'log-0', channels: ['flow', 'load'] };
const horizons = [1, 3, 12];
const covered: string[] = [];

/** The events as they come out of `before`, and what the shard knows then. */
// biome-ignore lint/suspicious/noExplicitAny: any chain of stages
function after(before: readonly Stage<any, any>[]): { events: readonly Event[]; shard: Shard } {
  const { rows } = run<Event>(before, events, { shard, cuts: [events.length], ends: false });
  return { events: rows, shard: Object.assign({ ...shard }, ...before.map(({ tells }) => tells)) as Shard };
}

const hints = [normalize(), seasons({ memoryRows: 512, longestRows: 200 })];
const known = [...hints, remember({ memory: 'seasonal-naive', horizons })];
const judged = [...known, interval()];
const alarmed = [...judged, detect({ warmupRows: 50 })];

const side = (memory: MemoryName) =>
  pipeline(memory)
    .through(remember({ memory, horizons }))
    .through(interval())
    .through(detect({ warmupRows: 50 }));
const alertRules = [
  { name: 'any' },
  { name: 'long', minDurationMs: 60_000, closeDurationMs: 600_000, coolDownMs: 900_000, severityHoldMs: 300_000 },
  { name: 'rare', threshold: { open: 0.02, close: 0.2 }, direction: 'above' as const },
];
/** Memories of megabytes a key keep the laws on the first rows; their small twins, the same code, on all. */
const shortened: Partial<Record<string, number>> = {
  'memory htm': 50,
  'memory default-htm': 50,
  'htm-detect': 40,
  'pipeline word-sequence': 50,
};

/** The same events with words beside the numbers: a cycle with branches, faults and gaps. */
const spoken = events.map((event, i): Event => {
  const t = i >> 1;
  const word =
    t % 37 === 11
      ? undefined
      : t % 53 === 20
        ? `stray ${t % 5}`
        : 'open read close wait'.split(' ')[(t + ((t % 12) >> 3)) % 4];
  return { ...event, values: [...event.values, Number.NaN], words: [undefined, undefined, word] };
});
const spokenShard: Shard = { name: 'log-0', channels: ['flow', 'load', 'state'], categories: ['state'] };
const ofWords: readonly [string, Make][] = [
  ['reorder, words that wait', () => [reorder({ latenessMs: 120_000 })]],
  ['align, words', () => [align({ stepMs: 60_000 }), dropFilled()]],
  ['memory htm-small, words', () => [remember({ memory: 'htm-small', horizons: [1], words: { limit: 6 } })]],
  [
    'pipeline of words',
    () => [
      reorder({ latenessMs: 120_000 }),
      normalize(),
      remember({ memory: 'htm-small', horizons: [1], words: { limit: 6, whenFull: 'other' } }),
      interval(),
      detect({ warmupRows: 50 }),
      episode(),
    ],
  ],
];

describe.each(ofWords)('%s', (_, make) => {
  const subject = { make, shard: spokenShard, events: spoken.slice(0, 60) };
  test.each(Object.entries(laws))('%s', (_, holds) => {
    expect(holds(subject)).toBeUndefined();
  });
});

/** Every stage, with the stages that must have gone before. */
// biome-ignore lint/suspicious/noExplicitAny: any chain of stages
const stages: readonly [string, Make, readonly Stage<any, any>[]][] = [
  ['align', () => [align({ stepMs: 60_000 })], []],
  ['reorder', () => [reorder({ latenessMs: 120_000 })], []],
  ['normalize', () => [normalize()], []],
  ['seasons', () => [seasons({ memoryRows: 256, longestRows: 100 })], []],
  ['interval', () => [interval()], known],
  ['detect', () => [detect({ warmupRows: 50 })], judged],
  ['detect, all evidence', () => [detect({ warmupRows: 50, evidence: 'all' })], judged],
  [
    'detect, conformal evidence',
    () => [detect({ warmupRows: 50, evidence: 'conformal', budget: { alarms: 20, per: 'key', every: '1d' } })],
    judged,
  ],
  ['htm-detect', () => [htmDetect({ learnRows: 5, warmupRows: 20 })], []],
  ['episode', () => [episode()], alarmed],
  [
    'episode, all evidence',
    () => [detect({ warmupRows: 50, evidence: 'all' }), episode({ report: 'changes' })],
    judged,
  ],
  ['silence', () => [silence({ gaps: 20, warmupGaps: 10 })], []],
  ['together', () => [together({ slots: 10, warmupSlots: 50, warmupRows: 20, leastKeys: 2, closeSlots: 3 })], judged],
  ['alert', () => [episode({ closeRows: 6 }), alert({ rules: alertRules })], alarmed],
  ['evaluate', () => [evaluate()], alarmed],
  ...Object.keys(memories).map((memory): [string, Make, typeof hints] => [
    `memory ${memory}`,
    () => [remember({ memory: memory as MemoryName, horizons })],
    hints,
  ]),
  ...netNames.map((memory): [string, Make, typeof hints] => [
    `memory ${memory}, shared weights`,
    () => [remember({ memory, horizons, weights: 'shared' })],
    hints,
  ]),
  [
    'challenge',
    () => [
      challenge({
        champion: side('last-value'),
        challenger: side('seasonal-naive'),
        swaps: [
          { at: 90, to: 'challenger' },
          { at: 333, to: 'champion' },
        ],
        automatic: { alpha: 0.2 },
      }),
    ],
    hints,
  ],
  ...(['density', 'quantile'] as const).map((head): [string, Make, typeof hints] => [
    `head ${head}`,
    () => [remember({ memory: 'last-value', horizons: [1], head }), interval()],
    hints,
  ]),
  [
    'local inhibition',
    () => [remember({ memory: 'htm-small', horizons: [1], pooler: { inhibition: 'local' } })],
    hints,
  ],
  [
    'head classifier',
    () => [remember({ memory: 'htm-small', horizons: [1, 3], head: 'classifier' }), interval()],
    hints,
  ],
  ['drop-filled', () => [dropFilled()], [align({ stepMs: 60_000 })]],
  ...Object.entries(shipped).map(([name, spec]): [string, Make, []] => [
    `pipeline ${name}`,
    () => pipelineOf(spec).stages,
    [],
  ]),
];

test('every stage of the catalog is among them', () => {
  const tried = new Set(stages.map(([name]) => name));
  expect(stageNames.filter((name) => name !== 'remember' && !tried.has(name))).toEqual([]);
});

/** Steps that say they share something: in `silence` the rows of other keys are the clock, `together` is about all of them. */
const sharing = ['silence', 'together'];

describe.each(stages)('%s', (name, make, before) => {
  // One net for all keys: they teach each other, at offsets that do not hang on batches, and say so.
  const shares = name.includes('shared weights') || sharing.includes(name);
  const own = Object.entries(laws).filter(([law]) => law !== 'neighbours' || !shares);
  // One case for all its laws: what they have in common is run once.
  let subject: Case | undefined;
  afterAll(() => {
    subject = undefined;
  });
  const caseOf = (): Case => {
    const { events, shard } = after(before);
    return { make, shard, events: events.slice(0, shortened[name]) };
  };
  test.each(own)('%s', (law, holds) => {
    subject ??= caseOf();
    // A pipeline has its neighbours law without the steps that share, which no other step reads anything of.
    const alone = (): ReturnType<Make> => make().filter(({ id }) => !sharing.includes(id));
    expect(holds(law === 'neighbours' ? { ...subject, make: alone } : subject)).toBeUndefined();
    covered.push(`${name}: ${law}`);
  });
});

// The stream of all steps is too short for a key to call something strange, and what is strange is learnt in its own way.
describe('detect, all evidence, in incidents', () => {
  const pump: Shard = { name: 'log-0', channels: ['flow'] };
  const before = [normalize(), remember({ memory: 'last-value', horizons: [1] }), interval()];
  const { rows } = run<Event>(before, strangeStream(), { shard: pump, cuts: [500], ends: false });
  const shard = Object.assign({ ...pump }, ...before.map(({ tells }) => tells)) as Shard;
  const subject: Case = { make: () => [detect({ warmupRows: 50, evidence: 'all' })], shard, events: rows };

  test('both keys have some', () => {
    const alarms = run<Event & Detected>(subject.make(), rows, { shard, cuts: [500] }).rows.filter(
      ({ alarm }) => alarm,
    );
    expect(new Set(alarms.map(({ key }) => key)).size).toBe(2);
  });

  test.each(Object.entries(laws))('%s', (_, holds) => {
    expect(holds(subject)).toBeUndefined();
  });
});

describe.each(Object.keys(memories) as MemoryName[])('memory %s', (memory) => {
  const horizons = [1, 6];
  const forecasts = (list: readonly Event[], channels: string[]) =>
    run<Event & Remembered>([...hints, remember({ memory, horizons })], list, {
      shard: { name: 's', channels },
      cuts: [64],
    }).rows;
  const wave = (t: number, level = 0, size = 1): number => level + size * Math.sin((2 * Math.PI * t) / 24);
  const oneKey = (rows: number, value: (t: number) => number): Event[] =>
    Array.from({ length: rows }, (_, t) => ({ key: 'k', timeMs: t * 60_000, values: [value(t)], offset: t }));
  const meanError = (rows: readonly (Event & Remembered)[]): number => {
    let sum = 0;
    for (let t = 400; t < rows.length; t++) sum += Math.abs(rows[t].values[0] - rows[t - 6].prediction.mean[1]);
    return sum / (rows.length - 400);
  };

  test.each([
    ['a constant', (_: number) => 5],
    ['zeros', () => 0],
    ['values near 1e9', (t: number) => wave(t, 1e9, 1e3)],
    ['values near 1e-9', (t: number) => wave(t, 0, 1e-9)],
    ['spikes a million times as high', (t: number) => wave(t) + (t % 97 === 0 ? 1e6 : 0)],
    ['gaps', (t: number) => (t % 40 < 15 ? Number.NaN : wave(t))],
    ['a series that explodes and comes back', (t: number) => (t > 300 && t < 320 ? 1e12 * wave(t) : wave(t))],
    ['infinities', (t: number) => (t % 50 === 7 ? Number.POSITIVE_INFINITY : wave(t))],
  ])('stays finite on %s', (_, value) => {
    const rows = forecasts(oneKey(600, value), ['a']);
    const wild = rows
      .slice(40)
      .find(
        ({ prediction }) => ![...prediction.mean, ...prediction.spread, prediction.surprise].every(Number.isFinite),
      );
    expect(wild?.offset, 'row with a forecast that is no number').toBeUndefined();
  });

  test('learns: beats the last value on a noisy wave, unless it is the last value', () => {
    const random = chance(3);
    const list = oneKey(1200, (t) => wave(t) + 0.1 * normal(random));
    const error = meanError(forecasts(list, ['a']));
    if (memory === 'last-value') expect(error).toBeGreaterThan(0.5);
    else expect(error, 'mean absolute error six rows ahead of a wave of size 1 with noise 0.1').toBeLessThan(0.2);
  });
});

afterAll(() => {
  const subjects = new Set(covered.map((line) => line.split(':')[0]));
  process.stdout.write(
    `laws: ${Object.keys(laws).join(', ')} hold for ${subjects.size} of ${stages.length}: ${[...subjects].join(', ')}\n`,
  );
});
