import { type Anomaly, type Event, placeOf } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { checkNames, checkNumber } from './options.js';
import { add, pValue, type Ruler, recordLayout } from './record.js';
import { keyed, type Shard, type Stage } from './stage.js';

export interface SilenceOptions {
  /** False silences that are all right: one in so many gaps between rows of a key; default 10,000. */
  readonly gaps?: number;
  /** Gaps of a key before it is watched; default 30. */
  readonly warmupGaps?: number;
  readonly keys?: KeyLimit;
}

/** Gaps are recorded as the logarithm of their ratio to the mean gap, finer than the record's unit by this factor. */
const fineness = 4;
const evidenceMax = 31.9;
/** The longest gaps of a key are habits, which are kept apart (`longestMs`): the tail beyond is taken as it is fitted. */
const ruler: Ruler = { width: 0.25, memoryRows: 10_000, sure: 50 };
/** Weight of a new gap in the mean, and what a gap counts at most in it. */
const meanRate = 0.02;
const meanMax = 10;
/** The limit is worked out at every gap while there are few, then now and then. */
const oftenGaps = 64;
const seldomGaps = 16;
/** A gap longer than a habit by this much is none. */
const habit = 1.1;
/** One row lets so many usual steps of time pass at most: while no key says anything, none of them is silent. */
const stepsMax = 5;
const stepRate = 0.002;
/** Keys are looked through at most once in as many events as make it so many keys an event. */
const keysPerEvent = 16;

const shared = {
  /** Time that has passed while keys spoke, what was left out of it, and the earliest at which a key can be overdue. */
  passedMs: f64(),
  leftMs: f64(),
  /** Time of the last row. */
  lastMs: f64(),
  dueMs: f64(),
  /** Steps in which it passed, and their mean. */
  steps: u32(),
  stepMs: f64(),
  /** Events since all keys were looked through, and keys then. */
  events: f64(),
  keys: f64(),
};
type Common = Row<typeof shared>;

const layout = {
  /** The last row, and how much time had passed when it came. */
  lastMs: f64(),
  lastOffset: f64(),
  heardMs: f64(),
  rows: u32(),
  /** The newest row by its own time, how much had passed then and was left out. */
  newestMs: f64(),
  passedMs: f64(),
  leftMs: f64(),
  meanMs: f64(),
  gaps: u32(),
  record: recordLayout,
  /** The two longest gaps, which fade: what came twice is a habit. */
  longestMs: f64(),
  secondMs: f64(),
  /** How long a gap may be. */
  limitMs: f64(),
  /** 1 while the key is overdue, and the offset of the event that showed it. */
  silent: u32(),
  shownOffset: f64(),
};
type Own = Row<typeof layout>;

/**
 * Tells when a key says nothing for longer than it ever did: how its gaps are distributed is learnt, and a key is overdue when
 * a gap is as long as one in `gaps` is. Time is that of the events of all keys of the shard, so it needs no clock and every
 * replay tells the same; when no key says anything, no time passes. How much has passed is told by how far each key's own
 * times have moved, never by one key's time against another's: clocks may differ, and a log may have one key after the
 * other. With `together` one of the two steps in which keys tell something of others.
 */
export function silence<A extends Event & { readonly filled?: boolean }>(options: SilenceOptions = {}): Stage<A, A> {
  const { gaps = 10_000, warmupGaps = 30, keys } = options;
  checkNames('silence', options, ['gaps', 'warmupGaps', 'keys']);
  checkNumber('silence.gaps', gaps, { min: 10 });
  checkNumber('silence.warmupGaps', warmupGaps, { min: 10, whole: true });
  return keyed<typeof shared, typeof layout, A, A>('silence', { gaps, warmupGaps, keys }, (shard) => ({
    id: 'silence',
    version: '3',
    keys,
    shared,
    layout,
    init: (common) => void common.dueMs.fill(Number.POSITIVE_INFINITY),
    step(common, own, row, out) {
      // What `align` fills in, nobody said.
      if (row.filled) return out.emit(row);
      // What was said before the key fell silent, and held back by `reorder` until now, is no return.
      if (own.silent[0] !== 0 && Math.abs(row.timeMs - own.lastMs[0]) <= own.limitMs[0]) return out.emit(row);
      if (own.silent[0] !== 0) {
        own.silent[0] = 0;
        out.anomaly(anomalyOf(shard, own, row.key, 'closed', row.timeMs, row.offset));
      }
      common.lastMs[0] = row.timeMs;
      pass(common, own, row.timeMs);
      learn(common, own, row, gaps);
      common.events[0]++;
      if (own.gaps[0] >= warmupGaps) common.dueMs[0] = Math.min(common.dueMs[0], own.heardMs[0] + own.limitMs[0]);
      out.emit(row);
    },
    sweeps(common) {
      if (common.passedMs[0] <= common.dueMs[0] || common.events[0] * keysPerEvent < common.keys[0]) return false;
      common.events[0] = 0;
      common.keys[0] = 0;
      common.dueMs[0] = Number.POSITIVE_INFINITY;
      return true;
    },
    sweep(common, own, key, row, out) {
      common.keys[0]++;
      if (own.silent[0] !== 0 || own.gaps[0] < warmupGaps) return;
      let dueMs = own.heardMs[0] + own.limitMs[0];
      // A row of an earlier time than when the key is due shows nothing of it: so much has still to pass.
      const earlyMs = own.lastMs[0] + own.limitMs[0] - row.timeMs;
      if (earlyMs >= 0) dueMs = Math.max(dueMs, common.passedMs[0] + earlyMs);
      if (common.passedMs[0] <= dueMs) {
        common.dueMs[0] = Math.min(common.dueMs[0], dueMs);
        return;
      }
      own.silent[0] = 1;
      own.shownOffset[0] = row.offset;
      out.anomaly(anomalyOf(shard, own, key, 'open', nowOf(common, own), row.offset));
    },
    finish(common, own, key, out, why) {
      if (own.silent[0] === 0) return;
      const status = why === 'ends' ? 'open' : 'closed';
      out.anomaly(anomalyOf(shard, own, key, status, nowOf(common, own), own.shownOffset[0]));
    },
  }));
}

/** What a key's own clock says while it is overdue: no later than the row that was last. */
function nowOf({ passedMs, lastMs }: Common, own: Own): number {
  const waitedMs = Math.min(passedMs[0] - own.heardMs[0], lastMs[0] - own.lastMs[0]);
  return Math.round(own.lastMs[0] + Math.max(own.limitMs[0], waitedMs));
}

/**
 * Lets time pass by as much as a row shows that it has: as far as the key's own times have moved since its newest row, and for a
 * new key as far as it is ahead of all others. What is beyond some usual steps is left out for every key.
 */
function pass(common: Common, own: Own, timeMs: number): void {
  const first = own.rows[0] === 0;
  if (first && common.steps[0] === 0 && common.leftMs[0] === 0) common.leftMs[0] = timeMs;
  const aheadMs = first
    ? timeMs - common.passedMs[0] - common.leftMs[0]
    : timeMs - own.newestMs[0] - (common.passedMs[0] - own.passedMs[0]) - (common.leftMs[0] - own.leftMs[0]);
  if (aheadMs > 0) {
    if (common.steps[0] === 0) common.stepMs[0] = aheadMs;
    const mostMs = stepsMax * common.stepMs[0];
    const rate = Math.max(stepRate, 1 / ++common.steps[0]);
    common.stepMs[0] += rate * (Math.min(aheadMs, 2 * mostMs) - common.stepMs[0]);
    common.passedMs[0] += Math.min(aheadMs, mostMs);
    if (!first) common.leftMs[0] += Math.max(0, aheadMs - mostMs);
  }
  const movedMs = timeMs - own.newestMs[0];
  // A row that is out of order says nothing; one from long ago shows that the key's clock was set anew.
  if (!first && movedMs < 0 && movedMs >= -own.limitMs[0]) return;
  own.newestMs[0] = timeMs;
  own.passedMs[0] = common.passedMs[0];
  own.leftMs[0] = common.leftMs[0];
}

/** Takes the gap before a row, and says how long the next one may be. */
function learn(common: Common, own: Own, { timeMs, offset }: Event, gaps: number): void {
  const gapMs = common.passedMs[0] - own.heardMs[0];
  own.lastOffset[0] = offset;
  own.lastMs[0] = timeMs;
  own.heardMs[0] = common.passedMs[0];
  if (own.rows[0]++ === 0 || !(gapMs > 0)) return;
  if (own.meanMs[0] === 0) own.meanMs[0] = gapMs;
  const counted = Math.min(gapMs, meanMax * own.meanMs[0]);
  own.meanMs[0] += Math.max(meanRate, 1 / (own.gaps[0] + 1)) * (counted - own.meanMs[0]);
  own.gaps[0]++;
  add(own.record, ruler, Math.min(evidenceMax, fineness * kernels.log1p(gapMs / own.meanMs[0])));
  own.longestMs[0] *= 1 - 1 / ruler.memoryRows;
  own.secondMs[0] = Math.max(own.secondMs[0] * (1 - 1 / ruler.memoryRows), Math.min(gapMs, own.longestMs[0]));
  own.longestMs[0] = Math.max(own.longestMs[0], gapMs);
  if (own.gaps[0] < oftenGaps || own.gaps[0] % seldomGaps === 0) {
    own.limitMs[0] = Math.ceil(Math.max(habit * own.secondMs[0], limitOf(own, 1 / gaps)));
  }
}

/** The gap that a share of them reaches, by bisection. */
function limitOf({ record, meanMs }: Own, share: number): number {
  let low = 0;
  let high = evidenceMax;
  for (let i = 0; i < 20; i++) {
    const middle = 0.5 * (low + high);
    if (pValue(record, ruler, middle) > share) low = middle;
    else high = middle;
  }
  return meanMs[0] * (kernels.exp(high / fineness) - 1);
}

function anomalyOf(
  { name }: Shard,
  own: Own,
  key: string,
  status: Anomaly['status'],
  nowMs: number,
  offset: number,
): Anomaly {
  const waitedMs = nowMs - own.lastMs[0];
  const text = `no row for ${span(waitedMs)} where one came every ${span(own.meanMs[0])}`;
  return {
    id: `${name}@${placeOf(own.lastOffset[0])}-silence`,
    kind: 'silence',
    key,
    status,
    startMs: own.lastMs[0] + own.limitMs[0],
    endMs: nowMs,
    startOffset: own.shownOffset[0],
    endOffset: offset,
    peakMs: nowMs,
    peakOffset: offset,
    alarms: 1,
    severity: waitedMs > 10 * own.limitMs[0] ? 'major' : 'warning',
    score: pValue(own.record, ruler, Math.min(evidenceMax, fineness * kernels.log1p(waitedMs / own.meanMs[0]))),
    channel: 'time between rows',
    actual: waitedMs / 1000,
    expected: own.meanMs[0] / 1000,
    low: 0,
    high: own.limitMs[0] / 1000,
    why: text,
    causes: [{ feature: 'silence', contribution: 1, text }],
  };
}

const spans = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

function span(ms: number): string {
  const [unit, unitMs] = spans.find(([, atLeast]) => ms >= atLeast) ?? ['ms', 1];
  return `${Number((ms / unitMs).toPrecision(3))} ${unit}`;
}
