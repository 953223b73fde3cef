import type { Event } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Layout, type Row, u32 } from '../state/layout.js';
import { type AlarmBudget, budgetDefault, checkBudget } from './budget.js';
import { BarOf, barLayout, barSharedLayout } from './evidence/bar.js';
import { ConformalOf, conformalLayout, conformalSharedLayout } from './evidence/conformal.js';
import {
  anySaid,
  excused,
  excuseOf,
  fade,
  feedbackLayout,
  judgeAlarms,
  noteAlarm,
  type Sort,
} from './evidence/feedback.js';
import { JudgeOf, judgeLayout, type Reasons, reasonKinds } from './evidence/judge.js';
import { SurpriseOf, surpriseLayout } from './evidence/surprise.js';
import { checkNames, checkNumber, checkWord } from './options.js';
import { extended, keyed, type Stage } from './stage.js';

export interface DetectOptions {
  /**
   * How many false alarms are all right: `{ alarms: 1, per: 'key', every: '7d' }`, `{ alarms: 50, per: 'all', every: '1d' }`
   * over all keys of a shard, `{ falseDiscoveries: 0.1 }` as a share of alarms; default 1 in 2,000 rows of each key.
   */
  readonly budget?: AlarmBudget;
  /** First rows of a key, which are learnt from but not judged; default 100. */
  readonly warmupRows?: number;
  /** Rows after which what was normal is forgotten; default 10,000. Exact ranks do not forget: not with `conformal`. */
  readonly memoryRows?: number;
  /**
   * `surprise`: only how unlikely each value was under its forecast. `all`: also novelty of value and level, window
   * shape, pace, missing values and the joint state of all channels, for 12 KB of state and 3 µs a channel. `conformal`: exact ranks
   * of surprise and bets on them, so that false alarms are bounded by the budget whenever one looks. Default `surprise`.
   */
  readonly evidence?: EvidenceName;
  /** With all evidence: `evidence` that more values are missing than used to be is a reason to alarm, `ignore`: it is not. Default `evidence`. */
  readonly missing?: 'evidence' | 'ignore';
  readonly keys?: KeyLimit;
}

const evidenceNames = ['surprise', 'all', 'conformal'] as const;
export type EvidenceName = (typeof evidenceNames)[number];

export const detectDefaults = { warmupRows: 100, memoryRows: 10_000 } as const;

/** What `detect` needs to know of an event: how it lay in the distribution that was forecast for it. */
export interface Judged extends Event {
  /** Per channel the two-sided tail probability of the value, NaN while it is unknown or the value is missing. */
  readonly tail: ArrayLike<number>;
  /** Per channel the value that was forecast; with `evidence: 'all'` its error is evidence. */
  readonly expected?: ArrayLike<number>;
  /** Per channel the band that was forecast; with `evidence: 'conformal'` errors are measured by it. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** Put in by `align`: nothing was reported here, so no value can be strange. */
  readonly filled?: boolean;
}

/** An event with the two outputs of a detector: a continuous score, and an alarm. */
export interface Detected {
  /**
   * Calibrated probability of a row at least this strange; 1 while warming up and where nothing is known. With all
   * evidence it is about the last hundred rows (for the first 520, about what is new); with `conformal` it is of the row alone.
   * With both it is at an alarm not above the budget.
   */
  readonly score: number;
  /** Something strange has begun: with all evidence it is told once, and again only when it gets worse. */
  readonly alarm: boolean;
  /** The key is, at this row, in a state unlike those that were normal; with other evidence, it alarms. */
  readonly abnormal: boolean;
  /** How notable it is what begins here, in nats above what the key shows of late, whatever the budget; 0 at most rows. */
  readonly onset: number;
  /**
   * Rows left until this key is judged; with `conformal` until a row that is strange alone can alarm, which its rank must be
   * fine enough for. What lasts can alarm there as soon as `warmupRows` are over.
   */
  readonly warmup: number;
  /** At an alarm of all evidence, what was new. */
  readonly reasons?: Reasons;
}

/** Kind of an alarm without reasons. */
const noKind = reasonKinds.indexOf('none');

const clockLayout = {
  /** Judged rows so far. */
  rows: u32(),
  lastMs: f64(),
  /** Running time between rows. */
  stepMs: f64(),
};
type Clock = Row<typeof clockLayout>;

/**
 * Turns how unlikely each value was into a calibrated probability and an alarm that keeps a budget. All evidence is ranked
 * among the key's own past, so no distribution is assumed and miscalibrated forecasts do no harm.
 */
export function detect<A extends Judged>(options: DetectOptions = {}): Stage<A, A & Detected> {
  const {
    budget = budgetDefault,
    warmupRows = detectDefaults.warmupRows,
    memoryRows = detectDefaults.memoryRows,
    evidence = 'surprise',
    missing = 'evidence',
    keys,
  } = options;
  if ('falseAlarms' in options) {
    throw new RangeError(
      'detect.falseAlarms: is now detect.budget: { alarms: 1, per: "key", every: "7d" } or { alarms: 1, per: "key", rows: 2000 }',
    );
  }
  checkNames('detect', options, ['budget', 'warmupRows', 'memoryRows', 'evidence', 'missing', 'keys']);
  checkWord('detect.evidence', evidence, evidenceNames);
  checkWord('detect.missing', missing, ['evidence', 'ignore']);
  checkNumber('detect.warmupRows', warmupRows, { min: 20, max: 1e9, whole: true });
  checkNumber('detect.memoryRows', memoryRows, { min: 100, max: 1e9 });
  checkBudget('detect.budget', budget);
  const settings = { budget, warmupRows, memoryRows, evidence, missing, keys };
  if (evidence === 'conformal') {
    if (options.memoryRows !== undefined) {
      throw new RangeError(
        `detect.memoryRows: expected none with evidence: "conformal", got ${memoryRows}: ranks are exact only among all rows, so leave it out`,
      );
    }
    if (options.missing !== undefined) {
      throw new RangeError(
        `detect.missing: expected none with evidence: "conformal", got ${missing}: missing values are no evidence there, so leave it out or take evidence: "all"`,
      );
    }
    return detectConformal(settings);
  }
  return evidence === 'all' ? detectAll(settings) : detectSurprise(settings);
}

type Settings = Required<Omit<DetectOptions, 'keys'>> & { readonly keys: KeyLimit | undefined };

/** The detector that goes by surprise alone. */
function detectSurprise<A extends Judged>(settings: Settings): Stage<A, A & Detected> {
  const { budget, warmupRows, memoryRows, keys } = settings;
  const layout = { ...clockLayout, bar: barLayout, feedback: feedbackLayout, surprise: surpriseLayout };
  return keyed<typeof barSharedLayout, typeof layout, A, A & Detected>('detect', settings, () => {
    const bar = new BarOf(budget, true);
    const surprise = new SurpriseOf(memoryRows);
    return {
      id: 'detect',
      version: '5',
      keys,
      shared: barSharedLayout,
      layout,
      initKey: (_, own) => surprise.init(own.surprise),
      step(shared, own, row: A, out) {
        tick(own, row.timeMs);
        bar.tick(shared, row.timeMs);
        const known = !row.filled && anyKnown(row.tail);
        if (known) {
          own.rows[0]++;
          surprise.judge(own.surprise, row.tail, own.rows[0] * 2 > warmupRows);
        }
        const judged = known && own.rows[0] > warmupRows;
        fade(own.feedback);
        const sort = { channel: surprise.channel + 1, kind: noKind };
        const worth = excused(surprise.score, excuseOf(own.feedback, sort));
        const alarm = judged && bar.passes(shared, own.bar, own.stepMs[0], worth, surprise.evidence);
        if (alarm) noteAlarm(own.feedback, row.timeMs, sort);
        const score = judged ? surprise.score : 1;
        const warmup = Math.max(0, warmupRows - own.rows[0]);
        const onset = alarm ? surprise.evidence : 0;
        out.emit(extended(row, { score, alarm, abnormal: alarm, onset, warmup }));
      },
      mark: (_, own, { startMs, endMs, verdict }) => judgeAlarms(own.feedback, startMs, endMs, verdict === 'expected'),
    };
  });
}

/** Warm-ups after which ranks begin once more: until then a memory learns so much that its errors are unlike later ones. */
const settledWarmups = 5;

/** The detector that bets on exact ranks. */
function detectConformal<A extends Judged>(settings: Settings): Stage<A, A & Detected> {
  const { budget, warmupRows, keys } = settings;
  // What it says stands until the next row only, so shards may share it.
  const conformal = new ConformalOf(budget);
  const settled = settledWarmups * warmupRows;
  const layout = { ...clockLayout, feedback: feedbackLayout, conformal: conformalLayout };
  return keyed<typeof conformalSharedLayout, typeof layout, A, A & Detected>('detect', settings, () => ({
    id: 'detect',
    version: '2',
    keys,
    shared: conformalSharedLayout,
    layout,
    step(shared, own, row, out) {
      tick(own, row.timeMs);
      conformal.tick(shared, own.conformal, row.timeMs);
      const known = !row.filled && anyKnown(row.tail);
      if (known) own.rows[0]++;
      // What a memory has just begun with is like nothing that follows.
      if (known && own.rows[0] === settled) conformal.begin(own.conformal);
      if (known && own.rows[0] * 2 > warmupRows) conformal.rank(own.conformal, row.key, row);
      const judged = known && own.rows[0] > warmupRows;
      fade(own.feedback);
      const sort = { channel: conformal.channel + 1, kind: noKind };
      // Real ones are no reason to alarm more often: the bound would not hold.
      const excuse = judged ? Math.max(0, excuseOf(own.feedback, sort)) : 0;
      const alarm = judged && conformal.alarms(shared, own.conformal, own.stepMs[0], excuse);
      if (alarm) noteAlarm(own.feedback, row.timeMs, sort);
      const score = judged ? conformal.score : 1;
      conformal.countDown(shared, own.conformal, own.stepMs[0], own.rows[0], warmupRows, settled);
      const warmup = own.conformal.left[0];
      out.emit(extended(row, { score, alarm, abnormal: alarm, onset: alarm ? conformal.evidence : 0, warmup }));
    },
    mark: (_, own, { startMs, endMs, verdict }) => judgeAlarms(own.feedback, startMs, endMs, verdict === 'expected'),
  }));
}

/** The detector that weighs all kinds of evidence. */
function detectAll<A extends Judged>(settings: Settings): Stage<A, A & Detected> {
  const { budget, warmupRows, memoryRows, missing, keys } = settings;
  const all = (channels: number) =>
    ({ ...clockLayout, bar: barLayout, feedback: feedbackLayout, judge: judgeLayout(channels) }) satisfies Layout;
  return keyed<typeof barSharedLayout, ReturnType<typeof all>, A, A & Detected>(
    'detect',
    settings,
    ({ channels, categories = [] }) => {
      if (categories.length > 0) {
        throw new RangeError(
          `detect.evidence: expected surprise for ${categories.join(', ')}, got all: words have no level to be new`,
        );
      }
      const judges = new JudgeOf(channels.length, memoryRows, missing === 'ignore');
      const bar = new BarOf(budget);
      return {
        id: 'detect',
        version: '9',
        keys,
        shared: barSharedLayout,
        layout: all(channels.length),
        step(shared, own, row, out) {
          tick(own, row.timeMs);
          bar.tick(shared, row.timeMs);
          const known = !row.filled && anyKnown(row.tail);
          if (known) own.rows[0]++;
          const warmup = Math.max(0, warmupRows - own.rows[0]);
          if (!known && missing === 'ignore') {
            return out.emit(extended(row, { score: 1, alarm: false, abnormal: false, onset: 0, warmup }));
          }
          if (known) judges.judge(own.judge, row, own.rows[0] > warmupRows);
          else judges.judgeMissing(own.judge);
          if (own.rows[0] <= warmupRows) {
            return out.emit(extended(row, { score: 1, alarm: false, abnormal: false, onset: 0, warmup }));
          }
          const { rarity, newness, abnormal, onset } = judges;
          fade(own.feedback);
          const wanted = anySaid(own.feedback) && rarity < 1 ? judges.reasons() : undefined;
          const worth = wanted ? excused(rarity, excuseOf(own.feedback, sortOf(wanted))) : rarity;
          const alarm =
            known || newness > 0
              ? bar.passes(shared, own.bar, own.stepMs[0], worth, newness)
              : bar.skip(shared, own.stepMs[0]);
          const score = judges.score(own.judge, bar.price, bar.rate, alarm);
          const told = extended(row, { score, alarm, abnormal, onset, warmup });
          if (!alarm) return out.emit(told);
          const reasons = wanted ?? judges.reasons();
          noteAlarm(own.feedback, row.timeMs, sortOf(reasons));
          out.emit(extended(told, { reasons }));
        },
        mark: (_, own, { startMs, endMs, verdict }) =>
          judgeAlarms(own.feedback, startMs, endMs, verdict === 'expected'),
      };
    },
  );
}

/** What an alarm is like, for marks of others like it. */
const sortOf = ({ channel, parts }: Reasons): Sort => ({
  channel: channel + 1,
  kind: parts[0] ? reasonKinds.indexOf(parts[0].kind) : noKind,
});

function anyKnown(tail: ArrayLike<number>): boolean {
  for (let c = 0; c < tail.length; c++) if (!Number.isNaN(tail[c])) return true;
  return false;
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
