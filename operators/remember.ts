import type { Event } from '../event.js';
import { type MemoryName, memoryOf, patternNames, withHtm } from '../models/catalog.js';
import type { EncoderSpec } from '../models/fields.js';
import { headLevels } from '../models/head.js';
import { type HeadName, headNames, heads, withHead } from '../models/heads.js';
import { type MemoryOptions, type Prediction, predictionOf, versionOf } from '../models/model.js';
import { netNames } from '../models/net-shapes.js';
import { type WordLimit, wordLimitDefault } from '../models/words.js';
import type { Bundle } from '../state/arrow.js';
import type { KeyLimit } from '../state/keys.js';
import type { Layout } from '../state/layout.js';
import { checkNames, checkNumber, checkWord } from './options.js';
import { extended, keyed, type Stage } from './stage.js';

/** Memories keep what they said for as many rows. */
const horizonMax = 1024;

/** Weights out of a checkpoint. */
export interface Pretrained {
  /** What its step `remember` saved. */
  readonly saved: Bundle;
  /** Of the whole checkpoint: part of what a state must agree with. */
  readonly digest: string;
}

export interface RememberOptions {
  /** Which memory; `default` is the mixture that needs no tuning. */
  readonly memory: MemoryName;
  /** Rows ahead to forecast, at most 1024; 1 is always among them. */
  readonly horizons: readonly number[];
  /** What the weights of a memory begin from, where chance has a part in it; 1 when absent. */
  readonly seed?: number;
  /**
   * What makes a whole distribution of what the memory leaves over: `density` for errors with several peaks, `quantile` for
   * any shape; `gaussian` is what they are measured by. With `none`, the default, `interval` makes it of the errors' widths and shape. HTMs
   * have one of their own, `classifier`, with a peak for each end where a sequence branches.
   */
  readonly head?: HeadName;
  /**
   * `own`: every key has weights of its own, the default. `shared`: all keys of a shard teach one net, and a key costs some
   * kilobytes; for memories that are nets (lstm, mingru, minlstm, ssm). Or the same, and a new shard begins with these weights.
   */
  readonly weights?: 'own' | 'shared' | Pretrained;
  /** What an HTM (also the one in `default-htm`) sees of a row, field by field; all channels, and the clock or the periods found, when absent. */
  readonly encoders?: readonly EncoderSpec[];
  /**
   * How the spatial pooler of an HTM picks columns: with `global` inhibition, the default, those that see most of a row, with
   * `local` as many from each of eight areas (`htm-small`: four), so that no part of the code falls silent.
   */
  readonly pooler?: { readonly inhibition: 'global' | 'local' };
  /** How many words a key may know where channels are of words, default 256, and what becomes of one more, default `evict`. */
  readonly words?: Partial<WordLimit>;
  readonly keys?: KeyLimit;
}

/** What a memory may be told beside the event; steps before `remember` find it out. */
export interface Hints {
  /** Per channel a power of two near the running deviation. */
  readonly scale?: ArrayLike<number>;
  /** Seasonal periods in rows, the most useful first. */
  readonly periods?: ArrayLike<number>;
}

/** An event with what its key's memory made of it. */
export interface Remembered extends Event {
  /** Rows ahead of each forecast, ascending; the first is 1. */
  readonly horizons: readonly number[];
  /** Surprise of this row, and the forecasts made at it. */
  readonly prediction: Prediction;
  /** Names of the parts of a mixture, in the order of `prediction.members`. */
  readonly members: readonly string[];
}

const noPeriods: readonly number[] = [];

/** Scores each event against what its key's memory expected, lets the memory learn it, and forecasts what follows. */
export function remember<A extends Event & Hints>(options: RememberOptions): Stage<A, A & Remembered> {
  const { memory, seed, weights, head, encoders, pooler, words, keys } = options;
  checkNames('remember', options, [
    'memory',
    'horizons',
    'seed',
    'weights',
    'head',
    'encoders',
    'pooler',
    'words',
    'keys',
  ]);
  checkPatterns(options);
  const wrongHead = head === undefined ? undefined : refusedHead(memory, head);
  if (wrongHead !== undefined) throw new RangeError(`remember.head: ${wrongHead}`);
  const whole = head === 'classifier';
  // The next row is always forecast: that is what an event is judged by.
  const horizons = ascending([1, ...options.horizons]);
  if (seed !== undefined) checkNumber('remember.seed', seed, { min: 0, max: 4_294_967_295, whole: true });
  if (weights !== undefined) checkWeights(memory, weights);
  const start = typeof weights === 'object' ? weights : undefined;
  const sees = {
    ...(encoders === undefined ? {} : { encoders }),
    ...(words === undefined ? {} : { words: { ...wordLimitDefault, ...words } }),
  };
  const picks = pooler === undefined ? {} : { inhibition: pooler.inhibition };
  const begin = {
    ...(seed === undefined ? {} : { seed }),
    ...(weights === undefined ? {} : { weights: start ? ('shared' as const) : (weights as 'own' | 'shared') }),
  };
  const { members = [], version, floored, mends, levels } = memoryOf(memory, { channels: 1, horizons, whole });
  const told = head !== undefined && Object.hasOwn(heads, head) ? headLevels : levels;
  const stage = keyed<Layout, Layout, A, A & Remembered>(
    'remember',
    {
      memory,
      horizons,
      ...begin,
      ...sees,
      ...(pooler === undefined ? {} : { pooler }),
      ...(head === undefined || head === 'none' ? {} : { head }),
      ...(start ? { start: start.digest } : {}),
      keys,
    },
    ({ channels, categories = [] }) => {
      const bare = memoryOf(memory, {
        ...{ channels: channels.length, horizons, whole, ...begin, ...sees, ...picks },
        ...(withHtm.includes(memory) ? { names: channels } : {}),
        ...(patternNames.includes(memory) ? { categories: wordsIn(channels, categories) } : {}),
      } satisfies MemoryOptions);
      if (categories.length > 0 && !patternNames.includes(memory)) {
        throw new RangeError(
          `remember.memory: expected one that takes words (${patternNames.join(', ')}) for ${categories.join(', ')}, got ${memory}`,
        );
      }
      const model = withHead(bare, head);
      const ones = channels.map(() => 1);
      const inputOf = ({ values, words, timeMs, scale = ones, periods = noPeriods }: A) => ({
        values,
        words,
        timeMs,
        scale,
        periods,
      });
      const remembered = (row: A, prediction: Prediction): A & Remembered =>
        extended(row, { horizons, prediction, members });
      const { stepMany } = model;
      return {
        id: 'remember',
        version: versionOf(model),
        keys,
        shared: model.shared,
        start: start?.saved,
        layout: model.keyed,
        init: (shared) => model.init(shared),
        initKey: (shared, own) => model.initKey(shared, own),
        step(shared, own, row, out) {
          const prediction = predictionOf(model);
          model.step(shared, own, inputOf(row), prediction);
          out.emit(remembered(row, prediction));
        },
        ...(stepMany && {
          stepMany(shared, owns, rows) {
            const predictions = rows.map(() => predictionOf(model));
            stepMany(shared, owns, rows.map(inputOf), predictions);
            return rows.map((row, i) => remembered(row, predictions[i]));
          },
        }),
      };
    },
  );
  const named = { name: memory, version: String(version) };
  const explains = patternNames.includes(memory) ? { explains: true as const } : {};
  return {
    ...stage,
    tells: {
      horizons,
      members,
      memory: named,
      ...explains,
      ...(floored && { floored }),
      ...(mends && { mends }),
      ...(told && { headLevels: told }),
    },
  };
}

/** The heads that a memory takes. */
export const headsOf = (memory: MemoryName): readonly HeadName[] =>
  headNames.filter((name) => name !== 'classifier' || patternNames.includes(memory));

/** What is wrong with a head for a memory: what was expected, and what came. */
export function refusedHead(memory: MemoryName, head: string): string | undefined {
  const taken = headsOf(memory);
  if ((taken as readonly string[]).includes(head)) return undefined;
  const only = head === 'classifier' ? `, which only ${patternNames.join(' and ')} have` : '';
  return `expected one of ${taken.join(', ')} for ${memory}, got ${JSON.stringify(head)}${only}`;
}

const wordsIn = (channels: readonly string[], categories: readonly string[]): number[] =>
  channels.flatMap((name, c) => (categories.includes(name) ? [c] : []));

function checkPatterns({ memory, encoders, pooler, words }: RememberOptions): void {
  const given = [
    ['encoders', encoders, withHtm],
    ['pooler', pooler, withHtm],
    ['words', words, patternNames],
  ] as const;
  for (const [name, value, names] of given) {
    if (value !== undefined && !names.includes(memory)) {
      throw new RangeError(`remember.${name}: expected a memory of patterns (${names.join(', ')}), got ${memory}`);
    }
  }
  if (pooler !== undefined) {
    checkNames('remember.pooler', pooler, ['inhibition']);
    checkWord('remember.pooler.inhibition', pooler.inhibition, ['global', 'local']);
  }
  if (encoders !== undefined && encoders.length === 0) {
    throw new RangeError('remember.encoders: expected at least one, got none: leave it out for what is usual');
  }
  if (words?.limit !== undefined) checkNumber('remember.words.limit', words.limit, { min: 2, max: 4096, whole: true });
  if (words?.whenFull !== undefined) checkWord('remember.words.whenFull', words.whenFull, ['evict', 'other']);
}

function checkWeights(memory: MemoryName, weights: unknown): void {
  const pretrained = typeof (weights as Pretrained | undefined)?.digest === 'string';
  if (weights !== 'own' && weights !== 'shared' && !pretrained) {
    throw new RangeError(
      `remember.weights: expected own, shared or what engram pretrain made, got ${JSON.stringify(weights)}`,
    );
  }
  if (weights !== 'own' && !(netNames as readonly string[]).includes(memory)) {
    throw new RangeError(
      `remember.weights: expected a memory that is a net (${netNames.join(', ')}) for shared weights, got ${memory}`,
    );
  }
}

/** Rows ahead, each once and in order; throws a RangeError unless all are whole and at least 1. */
function ascending(horizons: readonly number[]): readonly number[] {
  for (const horizon of horizons) checkNumber('remember.horizons', horizon, { min: 1, max: horizonMax, whole: true });
  return [...new Set(horizons)].sort((a, b) => a - b);
}
