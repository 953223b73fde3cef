import { afterAll, describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type MemoryName, memories } from '../../models/catalog.js';
import { align } from '../../operators/align.js';
import { detect } from '../../operators/detect.js';
import { episode } from '../../operators/episode.js';
import { evaluate } from '../../operators/evaluate.js';
import { interval } from '../../operators/interval.js';
import { normalize } from '../../operators/normalize.js';
import { remember } from '../../operators/remember.js';
import { reorder } from '../../operators/reorder.js';
import { seasons } from '../../operators/seasons.js';
import type { Shard, Stage } from '../../operators/stage.js';
import { shipped } from '../../pipelines/shipped.js';
import { run } from '../operators/harness.js';
import { laws, type Make } from './laws.js';
import { disturbedStream } from './stream.js';

const events = disturbedStream();
const shard: Shard = { name: 'log-0', channels: ['flow', 'load'] };
const horizons = [1, 3, 12];
const covered: string[] = [];

/** The events as they come out of `before`, and what the shard knows then. */
// biome-ignore lint/suspicious/noExplicitAny: any chain of stages
function after(before: readonly Stage<any, any>[]): { events: readonly Event[]; shard: Shard } {
  const { rows } = run<Event>(before, events, { shard, cuts: [events.length], ends: false });
  return { events: rows, shard: before.reduce<Shard>((told, { tells }) => ({ ...told, ...tells }), shard) };
}

const hints = [normalize(), seasons({ memoryRows: 512, longestRows: 200 })];
const known = [...hints, remember({ memory: 'seasonal-naive', horizons })];
const judged = [...known, interval()];
const alarmed = [...judged, detect({ warmupRows: 50 })];

/** Every stage, with the stages that must have gone before. */
// biome-ignore lint/suspicious/noExplicitAny: any chain of stages
const stages: readonly [string, Make, readonly Stage<any, any>[]][] = [
  ['align', () => [align({ stepMs: 60_000 })], []],
  ['reorder', () => [reorder({ latenessMs: 120_000 })], []],
  ['normalize', () => [normalize()], []],
  ['seasons', () => [seasons({ memoryRows: 256, longestRows: 100 })], []],
  ['interval', () => [interval()], known],
  ['detect', () => [detect({ warmupRows: 50 })], judged],
  ['episode', () => [episode()], alarmed],
  ['evaluate', () => [evaluate()], alarmed],
  ...Object.keys(memories).map((memory): [string, Make, typeof hints] => [
    `memory ${memory}`,
    () => [remember({ memory: memory as MemoryName, horizons })],
    hints,
  ]),
  ...Object.entries(shipped).map(([name, { stages: chain }]): [string, Make, []] => [
    `pipeline ${name}`,
    () => chain,
    [],
  ]),
];

describe.each(stages)('%s', (name, make, before) => {
  test.each(Object.entries(laws))('%s', (law, holds) => {
    expect(holds({ make, ...after(before) })).toBeUndefined();
    covered.push(`${name}: ${law}`);
  });
});

afterAll(() => {
  const subjects = new Set(covered.map((line) => line.split(':')[0]));
  process.stdout.write(
    `laws: ${Object.keys(laws).join(', ')} hold for ${subjects.size} of ${stages.length}: ${[...subjects].join(', ')}\n`,
  );
});
