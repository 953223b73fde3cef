import type { Event } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Layout, type Row, u32 } from '../state/layout.js';
import { JudgeOf, judgeLayout } from './evidence/judge.js';
import { checkNames, checkNumber, checkWord, shown } from './options.js';
import { add, pValue, type Record, type Ruler, recordLayout } from './record.js';
import { extended, keyed, type Nothing, type Stage } from './stage.js';

/** How many false alarms are all right: `count` in so many rows, or in a time by the key's own clock. */
export type FalseAlarms =
  | { readonly count: number; readonly rows: number }
  | { readonly count: number; readonly per: 'hour' | 'day' | 'week' | 'month' };

export interface DetectOptions {
  /** Rows without anything wrong that may alarm; default 1 in 2000 rows. Alarms in a row count each. */
  readonly falseAlarms?: FalseAlarms;
  /** First rows of a key, which are learnt from but not judged; default 100. */
  readonly warmupRows?: number;
  /** Rows after which what was normal is forgotten; default 10,000. */
  readonly memoryRows?: number;
  /**
   * `surprise`: only how unlikely each value was under its forecast. `all`: also novelty of value and level, window
   * shape and the joint state of all channels, for 8 KB of state and 3 µs a channel. Default `surprise`.
   */
  readonly evidence?: 'surprise' | 'all';
  readonly keys?: KeyLimit;
}

/** What `detect` needs to know of an event: how it lay in the distribution that was forecast for it. */
export interface Judged extends Event {
  /** Per channel the two-sided tail probability of the value, NaN while it is unknown or the value is missing. */
  readonly tail: ArrayLike<number>;
  /** Per channel the value that was forecast; with `evidence: 'all'` its error is evidence. */
  readonly expected?: ArrayLike<number>;
  /** Put in by `align`: nothing was reported here, so nothing can be strange. */
  readonly filled?: boolean;
}

/** An event with the two outputs of a detector: a continuous score, and an alarm. */
export interface Detected {
  /**
   * Calibrated probability of a row at least this strange; 1 while warming up and where nothing is known. With all
   * evidence it is about the last hundred rows, 1 for the first 520, and at an alarm the rarity of that.
   */
  readonly score: number;
  /** Something strange has begun: with all evidence it is told once, and again only when it gets worse. */
  readonly alarm: boolean;
  /** The key is, at this row, in a state unlike those that were normal; with evidence of surprise alone, it alarms. */
  readonly abnormal: boolean;
  /** Rows left until this key is judged. */
  readonly warmup: number;
}

const periodsMs = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: 2_629_746_000 } as const;
/** Tail probabilities below this are all alike: forecast distributions are not known so far out. */
const leastTail = 1e-12;
const evidenceMax = 31.99;
/** Rows of the short mean, and the evidence at which one row counts no more in it. */
const shortRows = 10;
const shortMax = 6;
/** Widths of the bins in which evidence is counted. */
const rowWidth = 0.25;
const shortWidth = 1 / 16;

const clockLayout = {
  /** Judged rows so far. */
  rows: u32(),
  lastMs: f64(),
  /** Running time between rows. */
  stepMs: f64(),
};
type Clock = Row<typeof clockLayout>;

const layout = {
  ...clockLayout,
  /** The last evidence of single rows, for the short mean; `rows` modulo its length is the oldest. */
  recent: f64(shortRows),
  row: recordLayout,
  short: recordLayout,
  final: recordLayout,
};
type Own = Row<typeof layout>;

/**
 * Turns how unlikely each value was into a calibrated probability and an alarm. Evidence of one row, and its short
 * mean, are ranked among the key's own past (so no distribution is assumed and miscalibrated forecasts do no harm), the
 * smaller of the two p-values again, which makes the score what it says: a share `p` of normal rows scores `p` or less.
 */
export function detect<A extends Judged>(options: DetectOptions = {}): Stage<A, A & Detected> {
  const {
    falseAlarms = { count: 1, rows: 2000 },
    warmupRows = 100,
    memoryRows = 10_000,
    evidence = 'surprise',
    keys,
  } = options;
  checkNames('detect', options, ['falseAlarms', 'warmupRows', 'memoryRows', 'evidence', 'keys']);
  checkWord('detect.evidence', evidence, ['surprise', 'all']);
  checkNumber('detect.warmupRows', warmupRows, { min: 20, max: 1e9, whole: true });
  checkNumber('detect.memoryRows', memoryRows, { min: 100, max: 1e9 });
  checkFalseAlarms(falseAlarms);
  if (evidence === 'all') return detectAll({ falseAlarms, warmupRows, memoryRows, keys });
  const rowRuler: Ruler = { width: rowWidth, memoryRows };
  const shortRuler: Ruler = { width: shortWidth, memoryRows };
  return keyed('detect', { falseAlarms, warmupRows, memoryRows, keys }, () => {
    const judge = (own: Own, evidence: number): number => {
      const ofRow = rank(own.row, rowRuler, evidence);
      own.recent[own.rows[0] % shortRows] = Math.min(shortMax, -kernels.log(ofRow));
      const ofShort = rank(own.short, shortRuler, mean(own.recent));
      own.rows[0]++;
      const score =
        own.rows[0] * 2 > warmupRows ? rank(own.final, rowRuler, -kernels.log(Math.min(ofRow, ofShort))) : 1;
      return own.rows[0] > warmupRows ? score : 1;
    };
    return {
      id: 'detect',
      version: '1',
      keys,
      shared: {},
      layout,
      initKey: (_, own) => void own.recent.fill(1),
      step(_, own, row: A, out) {
        tick(own, row.timeMs);
        const evidence = row.filled ? undefined : evidenceOf(row.tail);
        const score = evidence === undefined ? 1 : judge(own, evidence);
        const alarm = score <= threshold(falseAlarms, own.stepMs[0]);
        out.emit(extended(row, { score, alarm, abnormal: alarm, warmup: Math.max(0, warmupRows - own.rows[0]) }));
      },
    };
  });
}

/** Settings with every default filled in. */
interface Settings {
  readonly falseAlarms: FalseAlarms;
  readonly warmupRows: number;
  readonly memoryRows: number;
  readonly keys: KeyLimit | undefined;
}

/** The detector that weighs all kinds of evidence. */
function detectAll<A extends Judged>({ falseAlarms, warmupRows, memoryRows, keys }: Settings): Stage<A, A & Detected> {
  const all = (channels: number) => ({ ...clockLayout, judge: judgeLayout(channels) }) satisfies Layout;
  const settings = { falseAlarms, warmupRows, memoryRows, evidence: 'all', keys };
  return keyed<Nothing, ReturnType<typeof all>, A, A & Detected>('detect', settings, ({ channels }) => {
    const judges = new JudgeOf(channels.length, memoryRows);
    return {
      id: 'detect',
      version: '2',
      keys,
      shared: {},
      layout: all(channels.length),
      step(_, own, row, out) {
        tick(own, row.timeMs);
        const known = !row.filled && anyKnown(row.tail);
        if (known) own.rows[0]++;
        const rate = own.rows[0] > warmupRows ? threshold(falseAlarms, own.stepMs[0]) : 0;
        const verdict = known ? judges.judge(own.judge, row, rate) : { score: 1, alarm: false, abnormal: false };
        out.emit(extended(row, extended(verdict, { warmup: Math.max(0, warmupRows - own.rows[0]) })));
      },
    };
  });
}

function anyKnown(tail: ArrayLike<number>): boolean {
  for (let c = 0; c < tail.length; c++) if (!Number.isNaN(tail[c])) return true;
  return false;
}

/** The p-value of evidence among what the record holds, which then learns it. */
function rank(record: Record, ruler: Ruler, evidence: number): number {
  const bounded = Math.min(evidence, evidenceMax * (ruler.width / rowWidth));
  const p = pValue(record, ruler, bounded);
  add(record, ruler, bounded);
  return p;
}

/** One number for all channels: high when one is very unlikely, or many are a little. Undefined where none is known. */
function evidenceOf(tail: ArrayLike<number>): number | undefined {
  let known = 0;
  let sum = 0;
  let most = 0;
  for (let c = 0; c < tail.length; c++) {
    if (Number.isNaN(tail[c])) continue;
    const evidence = -kernels.log(Math.max(leastTail, Math.min(1, tail[c] as number)));
    known++;
    sum += evidence;
    most = Math.max(most, evidence);
  }
  if (known === 0) return undefined;
  return Math.max(0, 0.5 * (most + sum / Math.sqrt(known)));
}

function mean(numbers: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i];
  return sum / numbers.length;
}

/** Keeps the running time between rows; a pause counts at most as four of it. */
function tick(own: Clock, timeMs: number): void {
  const gapMs = timeMs - own.lastMs[0];
  if (own.lastMs[0] !== 0 && gapMs > 0) {
    const { stepMs } = own;
    if (stepMs[0] === 0) stepMs[0] = gapMs;
    else stepMs[0] += 0.02 * (Math.min(gapMs, 4 * stepMs[0]) - stepMs[0]);
  }
  own.lastMs[0] = timeMs;
}

/** The score at which a row alarms; 0 while a rate by time has no clock yet. */
function threshold(falseAlarms: FalseAlarms, stepMs: number): number {
  if ('rows' in falseAlarms) return falseAlarms.count / falseAlarms.rows;
  return Math.min(0.1, (falseAlarms.count * stepMs) / periodsMs[falseAlarms.per]);
}

function checkFalseAlarms(falseAlarms: FalseAlarms): void {
  if (typeof falseAlarms !== 'object' || falseAlarms === null) {
    throw new RangeError(
      `detect.falseAlarms: expected { count, rows } or { count, per: "day" }, got ${shown(falseAlarms)}`,
    );
  }
  checkNumber('detect.falseAlarms.count', falseAlarms.count, { min: Number.MIN_VALUE });
  if ('rows' in falseAlarms) {
    checkNames('detect.falseAlarms', falseAlarms, ['count', 'rows']);
    checkNumber('detect.falseAlarms.rows', falseAlarms.rows, { min: 10 * falseAlarms.count });
  } else {
    checkNames('detect.falseAlarms', falseAlarms, ['count', 'per']);
    checkWord('detect.falseAlarms.per', falseAlarms.per, Object.keys(periodsMs));
  }
}
