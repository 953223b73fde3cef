import { kernels } from '../models/kernels/index.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Layout, type Row, u32 } from '../state/layout.js';
import { type AlarmBudget, budgetDefault, checkBudget } from './budget.js';
import type { Detected, Judged } from './detected.js';
import { type About, excessOf } from './evidence/about.js';
import { BarOf, barLayout, barSharedLayout } from './evidence/bar.js';
import { ConformalOf, conformalLayout, conformalSharedLayout } from './evidence/conformal.js';
import {
  anySaid,
  excused,
  excuseOf,
  fade,
  feedbackLayout,
  hear,
  noteAlarm,
  type Sort,
  withHeard,
} from './evidence/feedback.js';
import { hold, holdLayout, isHeld } from './evidence/hold.js';
import { JudgeOf, judgeLayout, type Reasons, reasonKinds } from './evidence/judge.js';
import { aboutOf, measured } from './evidence/measure.js';
import { noteRun, runLayout, runRows, strangeNats } from './evidence/run.js';
import { evidenceOf, SurpriseOf, shortRows, surpriseLayout } from './evidence/surprise.js';
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

export type { Detected, Judged } from './detected.js';

export const detectDefaults = { warmupRows: 100, memoryRows: 10_000 } as const;

/** Kind of an alarm without reasons. */
const noKind = reasonKinds.indexOf('none');
const kindOf = (kind: number): string | undefined => (kind === noKind ? undefined : reasonKinds[kind]);

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
  if (evidence === 'all') return detectAll(settings);
  return { ...detectSurprise<A>(settings), tells: { looksBack: shortRows } };
}

type Settings = Required<Omit<DetectOptions, 'keys'>> & { readonly keys: KeyLimit | undefined };

/** The detector that goes by surprise alone. */
function detectSurprise<A extends Judged>(settings: Settings): Stage<A, A & Detected> {
  const { budget, warmupRows, memoryRows, keys } = settings;
  const layout = {
    ...clockLayout,
    run: runLayout(runRows),
    bar: barLayout,
    feedback: feedbackLayout,
    surprise: surpriseLayout,
  };
  return keyed<typeof barSharedLayout, typeof layout, A, A & Detected>('detect', settings, ({ channels }) => {
    const bar = new BarOf(budget, true);
    const surprise = new SurpriseOf(memoryRows);
    return {
      id: 'detect',
      version: '6',
      keys,
      shared: barSharedLayout,
      layout,
      initKey: (_, own) => surprise.init(own.surprise),
      step(shared, own, given: A, out) {
        const row = withHeard(own.feedback, given);
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
        const excuse = excuseOf(own.feedback, sort);
        const worth = excused(surprise.score, excuse);
        const alarm = judged && bar.passes(shared, own.bar, own.stepMs[0], worth, surprise.evidence);
        if (alarm) noteAlarm(own.feedback, row.timeMs, sort);
        const score = judged ? surprise.score : 1;
        const warmup = Math.max(0, warmupRows - own.rows[0]);
        const onset = alarm ? surprise.evidence : 0;
        const run = noteRun(own.run, known ? surprise.alone - strangeNats : -strangeNats);
        const told = extended(row, { score, alarm, abnormal: alarm, onset, warmup, run });
        if (!alarm) return out.emit(told);
        const { rows } = surprise;
        const about: About = { rows, since: Math.max(0, run), excuse };
        out.emit(extended(told, { about }));
      },
      mark: (_, own, mark) => hear(own.feedback, mark, channels, kindOf),
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
  const layout = { ...clockLayout, run: runLayout(runRows), feedback: feedbackLayout, conformal: conformalLayout };
  return keyed<typeof conformalSharedLayout, typeof layout, A, A & Detected>('detect', settings, ({ channels }) => ({
    id: 'detect',
    version: '3',
    keys,
    shared: conformalSharedLayout,
    layout,
    step(shared, own, given, out) {
      const row = withHeard(own.feedback, given);
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
      const onset = alarm ? conformal.evidence : 0;
      const run = noteRun(own.run, known && judged ? -kernels.log(conformal.size) - strangeNats : -strangeNats);
      const told = extended(row, { score, alarm, abnormal: alarm, onset, warmup, run });
      if (!alarm) return out.emit(told);
      const { about } = conformal;
      out.emit(extended(told, { about: { ...about, since: Math.max(about.since, run), excuse } }));
    },
    mark: (_, own, mark) => hear(own.feedback, mark, channels, kindOf),
  }));
}

/** The detector that weighs all kinds of evidence. */
function detectAll<A extends Judged>(settings: Settings): Stage<A, A & Detected> {
  const { budget, warmupRows, memoryRows, missing, keys } = settings;
  const all = (channels: number) =>
    ({
      ...clockLayout,
      run: runLayout(runRows),
      ...{ bar: barLayout, feedback: feedbackLayout, hold: holdLayout, judge: judgeLayout(channels) },
    }) satisfies Layout;
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
        step(shared, own, given, out) {
          const row = withHeard(own.feedback, given);
          tick(own, row.timeMs);
          bar.tick(shared, row.timeMs);
          const known = !row.filled && anyKnown(row.tail);
          if (known) own.rows[0]++;
          const warmup = Math.max(0, warmupRows - own.rows[0]);
          const evidence = known ? excessOf(evidenceOf(row.tail), channels.length) : -strangeNats;
          const run = noteRun(own.run, evidence);
          if (!known && missing === 'ignore') {
            return out.emit(extended(row, { score: 1, alarm: false, abnormal: false, onset: 0, warmup, run: -1 }));
          }
          if (known) judges.judge(own.judge, row, own.rows[0] > warmupRows);
          else judges.judgeMissing(own.judge);
          if (own.rows[0] <= warmupRows) {
            return out.emit(extended(row, { score: 1, alarm: false, abnormal: false, onset: 0, warmup, run: -1 }));
          }
          const { rarity, newness, abnormal, onset } = judges;
          fade(own.feedback);
          const wanted = anySaid(own.feedback) && rarity < 1 ? judges.reasons() : undefined;
          const excuse = wanted ? excuseOf(own.feedback, sortOf(wanted)) : 0;
          const worth = wanted ? excused(rarity, excuse) : rarity;
          const alarm =
            known || newness > 0
              ? bar.passes(shared, own.bar, own.stepMs[0], worth, newness)
              : bar.skip(shared, own.stepMs[0]);
          const score = judges.score(own.judge, bar.price, bar.rate, alarm);
          const holds = isHeld(own.hold, own.judge, abnormal, row.values);
          const told = extended(row, { score, alarm, abnormal, onset, warmup, run });
          if (!alarm) return out.emit(holds ? extended(told, { holds: true as const }) : told);
          const reasons = measured(own.judge, wanted ?? judges.reasons());
          noteAlarm(own.feedback, row.timeMs, sortOf(reasons));
          hold(own.hold, own.judge, reasons);
          out.emit(extended(told, { reasons, about: { ...aboutOf(own.judge, reasons, run), excuse } }));
        },
        mark: (_, own, mark) => hear(own.feedback, mark, channels, kindOf),
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
