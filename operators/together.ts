import { type Anomaly, type Event, placeOf } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u8, u32 } from '../state/layout.js';
import { spanOf } from './anomaly-span.js';
import {
  beginCrowd,
  crowdLayout,
  join,
  judgeSlot,
  leave,
  memberLayout,
  namesOf,
  openSlot,
  openSlots,
  type Slot,
  slotOf,
  type Verdict,
} from './crowd.js';
import { severityRules } from './episode.js';
import { checkNames, checkNumber } from './options.js';
import { noteGap, slotWidthLayout } from './slot-width.js';
import { keyed, type Shard, type Stage } from './stage.js';

export interface TogetherOptions {
  /** Width of the time slots in which keys are counted together, milliseconds; default the usual gap between rows of a key. */
  readonly slotMs?: number;
  /** False alarms that are all right: one in so many slots; default 2,000. */
  readonly slots?: number;
  /** Slots before any is judged; default 100. */
  readonly warmupSlots?: number;
  /** First rows of a key that do not count: its forecasts know nothing yet; default 100. */
  readonly warmupRows?: number;
  /** Slots in which fewer keys say something are passed over; default 10. */
  readonly leastKeys?: number;
  /** An anomaly is over after so many slots without an alarm; default 12. */
  readonly closeSlots?: number;
  readonly keys?: KeyLimit;
}

/** What this step needs to know of an event: where its values lay in what was expected. */
export interface Expected extends Event {
  readonly tail: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  /** Put in by `align`: nothing was reported. */
  readonly filled?: boolean;
}

/** What is still to be told, one bit each. */
const news = { open: 1, worse: 2, closed: 4 } as const;
/** So many late rows in a row, and as many as there were keys, mean that the newest time was wrong. */
const lateLeast = 64;

const named = crowdLayout.s0;
const shared = {
  width: slotWidthLayout,
  crowd: crowdLayout,
  /** Keys so far: each has its number. */
  numbers: f64(),
  /** Alarms in the anomaly that is open, 0 when none is; the key it is told under, its last slot, where it begins and ends. */
  alarms: u32(),
  foremost: f64(),
  last: f64(),
  startMs: f64(),
  startOffset: f64(),
  endMs: f64(),
  endOffset: f64(),
  severity: u32(),
  /** The slot in which least was as usual: its time, share, keys and what was usual. */
  peakMs: f64(),
  peakOffset: f64(),
  score: f64(),
  keys: u32(),
  affected: f64(),
  above: u32(),
  usual: f64(),
  low: f64(),
  high: f64(),
  most: named.most,
  bytes: named.bytes,
  names: named.names,
  telling: u8(),
};
type Common = Row<typeof shared>;

const layout = { number: f64(), rows: u32(), lastMs: f64(), member: memberLayout };

/**
 * Tells when many keys move at once, each perhaps by too little to be told of alone: all keys of the shard are taken
 * together in slots of event time, and a slot is an alarm when the sum of what they show is as rare as one in `slots`. A slot is
 * judged when a row comes that is two slots on. With `silence` one of the two steps in which keys tell something of others.
 */
export function together<A extends Expected>(options: TogetherOptions = {}): Stage<A, A> {
  const { slotMs, slots = 2000, warmupSlots = 100, warmupRows = 100, leastKeys = 10, closeSlots = 12, keys } = options;
  const names = ['slotMs', 'slots', 'warmupSlots', 'warmupRows', 'leastKeys', 'closeSlots', 'keys'];
  checkNames('together', options, names);
  if (slotMs !== undefined) checkNumber('together.slotMs', slotMs, { min: 1 });
  checkNumber('together.slots', slots, { min: 10 });
  checkNumber('together.warmupSlots', warmupSlots, { min: 50, whole: true });
  checkNumber('together.warmupRows', warmupRows, { min: 0, whole: true });
  checkNumber('together.leastKeys', leastKeys, { min: 2, whole: true });
  checkNumber('together.closeSlots', closeSlots, { min: 1, whole: true });
  const settings = { slotMs, slots, warmupSlots, warmupRows, leastKeys, closeSlots, keys };
  const limits = { slots, warmupSlots, leastKeys, closeSlots };
  return keyed<typeof shared, typeof layout, A, A>('together', settings, (shard) => ({
    id: 'together',
    version: '1',
    keys,
    shared,
    layout,
    init(common) {
      if (slotMs !== undefined) common.width.widthMs[0] = slotMs;
      beginCrowd(common.crowd);
    },
    initKey(common, own) {
      own.number[0] = ++common.numbers[0];
    },
    step(common, own, row, out) {
      out.emit(row);
      if (row.filled) return;
      if (slotMs === undefined && own.rows[0] > 0 && noteGap(common.width, row.timeMs - own.lastMs[0])) {
        close(common);
        beginCrowd(common.crowd);
      }
      own.rows[0]++;
      own.lastMs[0] = row.timeMs;
      const widthMs = common.width.widthMs[0];
      if (!(widthMs > 0)) return;
      const slot = Math.floor(row.timeMs / widthMs);
      pass(common, slot, limits);
      const late = slot <= common.crowd.slot[0] - openSlots;
      if (!late && own.rows[0] > warmupRows) join(common.crowd, own.member, own.number[0], slot, row);
    },
    sweeps: ({ telling }) => telling[0] !== 0,
    sweep(common, own, key, _, out) {
      if (own.number[0] !== common.foremost[0]) return;
      const told = common.telling[0];
      common.telling[0] = 0;
      if (told & news.open) out.anomaly(anomalyOf(shard, common, key, 'open'));
      else if (told & news.worse) out.anomaly(anomalyOf(shard, common, key, 'open'), false);
      if (!(told & news.closed)) return;
      out.anomaly(anomalyOf(shard, common, key, 'closed'));
      common.alarms[0] = 0;
    },
    finish(common, own, key, out, why) {
      const foremost = common.alarms[0] > 0 && own.number[0] === common.foremost[0];
      if (foremost) out.anomaly(anomalyOf(shard, common, key, why === 'ends' ? 'open' : 'closed'));
      if (why === 'ends') return;
      if (foremost) common.alarms[0] = 0;
      for (const slot of [common.crowd.s0, common.crowd.s1]) leave(slot, own.number[0]);
    },
  }));
}

type Limits = Required<Pick<TogetherOptions, 'slots' | 'warmupSlots' | 'leastKeys' | 'closeSlots'>>;

/** Event time comes to a slot: those that are over are judged. */
function pass(common: Common, slot: number, limits: Limits): void {
  const { crowd } = common;
  const newest = crowd.slot[0];
  if (slot <= newest) {
    if (slot > newest - openSlots) crowd.late[0] = 0;
    else if (++crowd.late[0] > Math.max(lateLeast, 2 * common.numbers[0])) {
      // Nothing comes any more at the time that was the newest: it was a wrong one, or the log begins anew.
      close(common);
      crowd.slot[0] = Number.NEGATIVE_INFINITY;
      openSlot(crowd, slot);
    }
    return;
  }
  for (let back = openSlots - 1; back >= 0; back--) {
    const over = newest - back;
    if (newest === Number.NEGATIVE_INFINITY || over > slot - openSlots) continue;
    const sums = slotOf(crowd, over);
    if (sums.keys[0] < limits.leastKeys) continue;
    const verdict = judgeSlot(crowd, sums, limits.warmupSlots);
    if (verdict.score <= 1 / limits.slots) alarm(common, over, sums, verdict);
  }
  openSlot(crowd, slot);
  if (common.alarms[0] > 0 && slot - openSlots - common.last[0] >= limits.closeSlots) close(common);
}

function close(common: Common): void {
  if (common.alarms[0] > 0) common.telling[0] |= news.closed;
}

/** Takes a slot into the anomaly that is open, or begins one with it. */
function alarm(common: Common, slot: number, sums: Slot, verdict: Verdict): void {
  const widthMs = common.width.widthMs[0];
  // Every key of the slot has been forgotten since: nobody is left to tell of.
  if (common.alarms[0] === 0 && sums.most[0] === 0) return;
  const before = common.alarms[0] === 0 ? -1 : common.severity[0];
  if (common.alarms[0]++ === 0) {
    common.foremost[0] = sums.most[0];
    common.startMs[0] = slot * widthMs;
    common.startOffset[0] = sums.firstOffset[0];
    common.severity[0] = 0;
    common.score[0] = Number.POSITIVE_INFINITY;
  }
  common.last[0] = slot;
  common.endMs[0] = (slot + 1) * widthMs;
  common.endOffset[0] = sums.lastOffset[0];
  if (verdict.score < common.score[0]) {
    common.peakMs[0] = slot * widthMs;
    common.peakOffset[0] = sums.firstOffset[0];
    common.score[0] = verdict.score;
    common.keys[0] = sums.keys[0];
    common.affected[0] = sums.sums[2];
    common.above[0] = sums.above[0];
    common.usual[0] = verdict.usual;
    common.low[0] = verdict.low;
    common.high[0] = verdict.high;
    common.most.set(sums.most);
    common.bytes.set(sums.bytes);
    common.names.set(sums.names);
  }
  severityRules.forEach(({ score, alarms }, level) => {
    if (common.score[0] > score && common.alarms[0] < alarms) return;
    common.severity[0] = Math.max(common.severity[0], level);
  });
  if (before < 0) common.telling[0] |= news.open;
  else if (common.severity[0] > before) common.telling[0] |= news.worse;
}

function anomalyOf({ name, memory }: Shard, own: Common, key: string, status: Anomaly['status']): Anomaly {
  const [keys, affected, above] = [own.keys[0], own.affected[0], own.above[0]];
  const direction = sideOf(affected, above, own.usual[0]);
  const most = namesOf(own);
  const sides = { above: 'most of them higher', below: 'most of them lower', other: 'higher and lower' }[direction];
  const text =
    `${affected} of ${keys} keys (${percent(affected / keys)}) at once where 9 in 10 of their values never lie, ` +
    `${sides}; usually ${Math.round(own.usual[0])}. The most: ${most.join(', ')}`;
  return {
    id: `${name}@${placeOf(own.startOffset[0])}-together`,
    kind: 'together',
    key,
    status,
    ...spanOf(own),
    channel: 'keys at once',
    actual: affected,
    expected: own.usual[0],
    low: own.low[0],
    high: own.high[0],
    why: text,
    together: { keys: affected, of: keys, share: affected / keys, direction, most },
    causes: [{ feature: 'many keys at once', contribution: 1, text }],
    ...(memory ? { model: memory.name, version: memory.version } : {}),
  };
}

/** On which side those lie who are more than usual; as many as usual lie half on either. */
function sideOf(affected: number, above: number, usual: number): 'above' | 'below' | 'other' {
  const share = (above - usual / 2) / Math.max(1, affected - usual);
  if (share >= 0.75) return 'above';
  return share <= 0.25 ? 'below' : 'other';
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
