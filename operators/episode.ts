import { type Anomaly, type Event, placeOf, type Severity } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Layout, type Row, u32 } from '../state/layout.js';
import { spanOf } from './anomaly-span.js';
import { cardLayout, cardOf, type Likeness, noteEpisode, noteReasons, noteStep } from './card.js';
import type { Detected } from './detect.js';
import { checkNames, checkNumber, checkWord } from './options.js';
import { notePeak, noteWords, peakWords, peakWordsLayout, sentenceOf, type Told } from './peak-words.js';
import type { Remembered } from './remember.js';
import { keyed, type Nothing, type Out, type Shard, type Stage } from './stage.js';

export interface EpisodeOptions {
  /** An anomaly is over after so many rows without an alarm; default 24. */
  readonly closeRows?: number;
  /** Anomalies of fewer alarms are not reported; default 1. */
  readonly minAlarms?: number;
  /**
   * `closed`: one report for each anomaly, when it is over, and `open` for those that the end of the log finds open.
   * `changes`: also `open` when it begins and whenever its severity rises. Default `closed`.
   */
  readonly report?: 'closed' | 'changes';
  readonly keys?: KeyLimit;
}

/** What an episode needs to know of an event: the alarm, and what was expected instead. */
export interface Alarmed extends Event, Pick<Detected, 'score' | 'alarm' | 'reasons'> {
  readonly tail: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  /** What the memory made of the event, where a step before has one. */
  readonly prediction?: Remembered['prediction'];
}

/**
 * What an anomaly must reach for a severity: its smallest score, or so many alarms. The severity only rises while the
 * anomaly lasts.
 */
export const severityRules: readonly { severity: Severity; score: number; alarms: number }[] = [
  { severity: 'info', score: 1, alarms: 1 },
  { severity: 'warning', score: 1e-4, alarms: 4 },
  { severity: 'major', score: 1e-6, alarms: 12 },
  { severity: 'critical', score: 1e-8, alarms: 36 },
];

const layout = {
  /** Alarms in the anomaly that is open; 0 when none is. */
  alarms: u32(),
  /** Rows since the last alarm. */
  quiet: u32(),
  /** Index in `severities`. */
  severity: u32(),
  startMs: f64(),
  startOffset: f64(),
  endMs: f64(),
  endOffset: f64(),
  /** The row that was least expected, and its channel that was. */
  peakMs: f64(),
  peakOffset: f64(),
  score: f64(),
  channel: u32(),
  actual: f64(),
  expected: f64(),
  low: f64(),
  high: f64(),
  card: cardLayout,
};
/** Where the memory tells what it had not expected, that is kept too. */
const toldLayout = { ...layout, told: peakWordsLayout };
type Own = Row<typeof layout> & Partial<Row<typeof toldLayout>>;

/**
 * Joins alarms that belong together into one anomaly: it begins at an alarm and lasts until `closeRows` rows have come
 * without another. Anomalies are reported beside the rows (`Batch.anomalies`), so the end of a log can report them too.
 */
export function episode<A extends Alarmed>(options: EpisodeOptions = {}): Stage<A, A> {
  const { closeRows = 24, minAlarms = 1, report = 'closed', keys } = options;
  checkNames('episode', options, ['closeRows', 'minAlarms', 'report', 'keys']);
  checkNumber('episode.closeRows', closeRows, { min: 1, max: 2_147_483_647, whole: true });
  checkNumber('episode.minAlarms', minAlarms, { min: 1, max: 2_147_483_647, whole: true });
  checkWord('episode.report', report, ['closed', 'changes']);
  return keyed<Nothing, Layout, A, A>('episode', { closeRows, minAlarms, report, keys }, (shard) => {
    const tell = (own: Own, key: string, status: Anomaly['status'], out: Out<A>, told = true): void => {
      if (own.alarms[0] >= minAlarms) out.anomaly(anomalyOf(shard, own, key, status), told);
    };
    return {
      id: 'episode',
      version: '3',
      keys,
      shared: {},
      layout: shard.explains ? toldLayout : layout,
      step(_, state, row, out) {
        const own = state as unknown as Own;
        noteStep(own.card, row.timeMs, row.offset, row.tail);
        if (own.told) noteWords(own.told, row, shard.channels, own.alarms[0] > 0);
        if (row.alarm) {
          const before = own.alarms[0] >= minAlarms ? own.severity[0] : -1;
          note(own, row, shard);
          // Steps that watch anomalies hear of every change, whatever is reported.
          if (own.severity[0] > before) tell(own, row.key, 'open', out, report === 'changes');
        } else if (own.alarms[0] > 0 && ++own.quiet[0] >= closeRows) {
          tell(own, row.key, 'closed', out);
          noteEpisode(own.card, own.startMs[0], own.endMs[0], likenessOf(own));
          own.alarms[0] = 0;
        }
        out.emit(row);
      },
      // The log may grow and the anomaly with it: what is open stays so, and is told as it stands.
      finish(_, state, key, out, why) {
        const own = state as unknown as Own;
        if (own.alarms[0] > 0) tell(own, key, why === 'ends' ? 'open' : 'closed', out);
      },
    };
  });
}

/** Takes an alarm into the anomaly that is open, or begins one with it. */
function note(own: Own, row: Alarmed, shard: Shard): void {
  if (own.alarms[0] === 0) {
    own.startMs[0] = row.timeMs;
    own.startOffset[0] = row.offset;
    own.severity[0] = 0;
    own.score[0] = Number.POSITIVE_INFINITY;
  }
  own.alarms[0]++;
  own.quiet[0] = 0;
  own.endMs[0] = row.timeMs;
  own.endOffset[0] = row.offset;
  if (row.score < own.score[0]) peak(own, row, shard);
  severityRules.forEach(({ score, alarms }, level) => {
    if (own.score[0] <= score || own.alarms[0] >= alarms) own.severity[0] = Math.max(own.severity[0], level);
  });
}

function peak(own: Own, row: Alarmed, { channels }: Shard): void {
  noteReasons(own.card, row.reasons);
  let channel = 0;
  for (let c = 1; c < row.tail.length; c++) {
    // A comparison with NaN is false: a channel that is known is taken before one that is not.
    if (row.tail[c] < row.tail[channel] || Number.isNaN(row.tail[channel])) channel = c;
  }
  // Evidence over many rows may lie in another channel than the least likely value.
  if (row.reasons && row.reasons.channel >= 0) channel = row.reasons.channel;
  own.peakMs[0] = row.timeMs;
  own.peakOffset[0] = row.offset;
  own.score[0] = row.score;
  own.channel[0] = channel;
  own.actual[0] = row.values[channel] as number;
  own.expected[0] = row.expected[channel];
  own.low[0] = row.low[channel];
  own.high[0] = row.high[channel];
  if (!own.told || !row.prediction) return;
  if (!row.prediction.words) notePeak(own.told, row.prediction, [], channels, channel);
  if (!row.prediction.words || own.told.bytes[0] === 0) return;
  // The word that was wrong, perhaps some rows before the alarm.
  own.channel[0] = own.told.channel[0];
  own.peakMs[0] = own.told.timeMs[0];
  own.peakOffset[0] = own.told.offset[0];
  if (own.channel[0] === channel) return;
  own.actual[0] = own.expected[0] = own.low[0] = own.high[0] = Number.NaN;
}

function anomalyOf(shard: Shard, own: Own, key: string, status: Anomaly['status']): Anomaly {
  const channel = shard.channels[own.channel[0]] ?? `channel ${own.channel[0]}`;
  const card = cardOf(own.card, likenessOf(own));
  const told = own.told ? peakWords(own.told) : {};
  return {
    id: `${shard.name}@${placeOf(own.startOffset[0])}`,
    key,
    status,
    ...spanOf(own),
    channel,
    actual: own.actual[0],
    expected: own.expected[0],
    low: own.low[0],
    high: own.high[0],
    why: why(channel, own, told, card.causes?.[0]?.text),
    ...told,
    ...card,
    ...(shard.memory ? { model: shard.memory.name, version: shard.memory.version } : {}),
    ...(shard.judge ? { judge: shard.judge } : {}),
  };
}

function likenessOf({ channel, actual, expected, score }: Own): Likeness {
  const side = Math.sign(actual[0] - expected[0]);
  return { channel: channel[0], side: Number.isNaN(side) ? 0 : side, score: score[0] };
}

/** What happened at the peak in one sentence, and how many alarms there were if there was more than one. */
function why(channel: string, own: Own, told: Told, cause = 'strange together with the rows before it'): string {
  const [actual, expected, low, high] = [own.actual[0], own.expected[0], own.low[0], own.high[0]];
  const more = own.alarms[0] === 1 ? '' : `; ${own.alarms[0]} alarms in ${span(own.endMs[0] - own.startMs[0])}`;
  const words = sentenceOf(channel, told);
  if (told.word) return `${words}${more}`;
  if (Number.isNaN(actual) || Number.isNaN(expected)) return `${channel} was not as it used to be${more}`;
  const band = Number.isNaN(low) ? '' : ` (${short(low)} to ${short(high)})`;
  const said = `${channel} ${short(actual)} where ${short(expected)}${band} was expected`;
  const fields = words === undefined ? '' : `; ${words}`;
  if (actual >= low && actual <= high) return `${said}: ${cause}${fields}${more}`;
  return `${said}: ${apart(actual, expected)}${fields}${more}`;
}

/** How far off, as a factor where that says something, else as a difference. */
function apart(actual: number, expected: number): string {
  const factor = actual / expected;
  if (factor >= 2 && factor < 1000 && expected > 0) return `${short(factor, 2)} times as high`;
  if (factor >= 1.2 && factor < 2 && expected > 0) return `${short(100 * (factor - 1), 2)} % higher`;
  if (factor > 0.001 && factor <= 1 / 1.2 && expected > 0) return `${short(100 * (1 - factor), 2)} % lower`;
  return `${short(Math.abs(actual - expected), 4)} ${actual > expected ? 'higher' : 'lower'}`;
}

/** A number with few digits, the same for everybody. */
const short = (value: number, digits = 5): string => String(Number(value.toPrecision(digits)));

const spans = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1000],
] as const;

function span(ms: number): string {
  const [unit, unitMs] = spans.find(([, atLeast]) => ms >= 2 * atLeast) ?? ['ms', 1];
  return `${short(ms / unitMs, 3)} ${unit}`;
}
