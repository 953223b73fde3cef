import { type Anomaly, type Event, placeOf, type Severity } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Layout, type Row, u32 } from '../state/layout.js';
import { spanOf } from './anomaly-span.js';
import { cardLayout, cardOf, type Likeness, noteEpisode, noteReasons, noteStep } from './card.js';
import type { Detected } from './detect.js';
import { markedBy, why } from './episode-words.js';
import { isOfKey, newestChannel } from './evidence/measure.js';
import { runRows } from './evidence/run.js';
import { knownRows, type LastRow, lastRowsLayout, leastLikely, noteRow, rowBack, strongestOf } from './last-rows.js';
import { checkNames, checkNumber, checkWord } from './options.js';
import { notePeak, noteWords, type PeakWords, peakWords, peakWordsLayout } from './peak-words.js';
import {
  besideChannel,
  type Kept,
  keptIn,
  keptOf,
  noteQuantity,
  ofLastRows,
  quantityLayout,
  quantityOf,
} from './quantity.js';
import type { Remembered } from './remember.js';
import { keyed, type Nothing, type Out, type Shard, type Stage } from './stage.js';

export interface EpisodeOptions {
  /** An anomaly is over after so many rows that are neither an alarm nor go on with it; default 24. */
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
export interface Alarmed
  extends Event,
    Pick<Detected, 'score' | 'alarm' | 'reasons' | 'about'>,
    Partial<Pick<Detected, 'run' | 'holds'>> {
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
  /** Rows since the last that belongs to it, and the number of that one among the rows of the key. */
  quiet: u32(),
  endRow: f64(),
  /** Index in `severities`. */
  severity: u32(),
  startMs: f64(),
  startOffset: f64(),
  startRow: f64(),
  /** The band of its first row, and the channel. */
  startLow: f64(),
  startHigh: f64(),
  startChannel: u32(),
  /** The first alarm, which it is known by: it may have begun before. */
  alarmOffset: f64(),
  endMs: f64(),
  endOffset: f64(),
  /** The row that is the strangest, and its channel that is. */
  peakMs: f64(),
  peakOffset: f64(),
  score: f64(),
  /** How much rarer that alarm had to be after what was said of others like it, in nats. */
  excuse: f64(),
  channel: u32(),
  actual: f64(),
  expected: f64(),
  low: f64(),
  high: f64(),
  /** What was out of range, where that is no row. */
  quantity: quantityLayout,
  card: cardLayout,
};
/** With the rows that an alarm may be about; where the memory tells what it had not expected, that is kept too. */
const layoutOf = ({ looksBack = runRows, explains }: Shard) => ({
  ...{ ...layout, last: lastRowsLayout(looksBack) },
  ...(explains ? { told: peakWordsLayout } : {}),
});
type Own = Row<typeof layout & { last: ReturnType<typeof lastRowsLayout> }> & { readonly told?: PeakWords };

/**
 * Joins alarms that belong together into one anomaly: it begins at the first row that led to an alarm, goes on with rows that are
 * strange without a break, and lasts until `closeRows` rows have come that are neither. Anomalies are reported beside the rows (`Batch.anomalies`), so the end of a log can report them too.
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
      version: '4',
      keys,
      shared: {},
      layout: layoutOf(shard) as Layout,
      step(_, state, row, out) {
        const own = state as unknown as Own;
        noteStep(own.card, row.timeMs, row.offset, row.tail);
        noteRow(own.last, row);
        if (own.told) noteWords(own.told, row, shard.channels, own.alarms[0] > 0);
        if (row.alarm) {
          const before = own.alarms[0] >= minAlarms ? own.severity[0] : -1;
          note(own, row, shard);
          // Steps that watch anomalies hear of every change, whatever is reported.
          if (own.severity[0] > before) tell(own, row.key, 'open', out, report === 'changes');
        } else if (own.alarms[0] > 0 && goesOn(own, row)) lastsTo(own, row);
        else if (own.alarms[0] > 0 && ++own.quiet[0] >= closeRows) {
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

/**
 * Whether a row that does not alarm goes on with the anomaly that is open: it keeps what alarmed out of its range, or what is
 * strange up to it has never stopped since. What lies in the band that there was when it began is back: then the forecast is
 * strange, which has followed the anomaly.
 */
function goesOn(own: Own, { run = -1, holds }: Alarmed): boolean {
  const { last, endRow, startLow, startHigh, startChannel } = own;
  if (holds) return true;
  if (run < 0 || last.rows[0] - run > endRow[0] + 1) return false;
  const { channel, actual } = rowBack(last, 0);
  return channel !== startChannel[0] || actual < startLow[0] || actual > startHigh[0];
}

function lastsTo(own: Own, { timeMs, offset }: Alarmed): void {
  own.quiet[0] = 0;
  own.endMs[0] = timeMs;
  own.endOffset[0] = offset;
  own.endRow[0] = own.last.rows[0];
}

/** Takes an alarm into the anomaly that is open, or begins one with it. */
function note(own: Own, row: Alarmed, shard: Shard): void {
  if (own.alarms[0] === 0) {
    const since = sinceOf(own, row);
    own.startRow[0] = own.last.rows[0] - since;
    const first = rowBack(own.last, since);
    own.startMs[0] = first.timeMs;
    own.startOffset[0] = first.offset;
    own.startLow[0] = first.low;
    own.startHigh[0] = first.high;
    own.startChannel[0] = first.channel;
    own.alarmOffset[0] = row.offset;
    own.severity[0] = 0;
    own.score[0] = Number.POSITIVE_INFINITY;
  }
  own.alarms[0]++;
  lastsTo(own, row);
  if (row.score < own.score[0]) peak(own, row, shard);
  severityRules.forEach(({ score, alarms }, level) => {
    if (own.score[0] <= score || own.alarms[0] >= alarms) own.severity[0] = Math.max(own.severity[0], level);
  });
}

/** Rows back to the first of those that led to an alarm, the strongest among them; they lie behind the anomaly before. */
function sinceOf({ last, endRow }: Own, row: Alarmed): number {
  const since = Math.max(row.about?.since ?? 0, strongestIn(last, row).back);
  return knownRows(last, Math.min(since + 1, last.rows[0] - endRow[0])) - 1;
}

/** The row that added most to an alarm, in rows back: as the detector says, else the least likely of those it looked at. */
function strongestIn(last: Own['last'], { about }: Alarmed): { back: number; alone: boolean } {
  const found = strongestOf(last, about?.rows ?? 1);
  return { back: about?.strongest ?? found.back, alone: found.alone };
}

function peak(own: Own, row: Alarmed, { channels }: Shard): void {
  noteReasons(own.card, row.reasons);
  // Evidence over many rows may lie in another channel than the least likely value.
  const named = row.reasons && row.reasons.channel >= 0 ? row.reasons.channel : -1;
  const channel = named >= 0 ? named : leastLikely(row.tail);
  const strongest = strongestIn(own.last, row);
  const back = Math.min(strongest.back, knownRows(own.last, own.last.rows[0] - own.startRow[0] + 1) - 1);
  const before = rowBack(own.last, back);
  const isBefore = back > 0 && (named < 0 || before.channel === named);
  const found = isBefore ? before : atRow(row, channel);
  own.peakMs[0] = found.timeMs;
  own.peakOffset[0] = found.offset;
  own.score[0] = row.score;
  own.excuse[0] = row.about?.excuse ?? 0;
  own.channel[0] = found.channel;
  own.actual[0] = found.actual;
  own.expected[0] = found.expected;
  own.low[0] = found.low;
  own.high[0] = found.high;
  noteQuantity(own.quantity, quantityAt(own, row, found, strongest.alone));
  if (!own.told || !row.prediction) return;
  if (!row.prediction.words) notePeak(own.told, row.prediction, [], channels, channel);
  if (!row.prediction.words || own.told.bytes[0] === 0) return;
  // The word that was wrong, perhaps some rows before the alarm.
  own.peakMs[0] = own.told.timeMs[0];
  own.peakOffset[0] = own.told.offset[0];
  if (own.alarms[0] === 1) {
    own.startMs[0] = Math.min(own.startMs[0], own.peakMs[0]);
    own.startOffset[0] = Math.min(own.startOffset[0], own.peakOffset[0]);
  }
  if (own.told.channel[0] === own.channel[0] && !isBefore) return;
  own.channel[0] = own.told.channel[0];
  own.actual[0] = own.expected[0] = own.low[0] = own.high[0] = Number.NaN;
  noteQuantity(own.quantity, undefined);
}

type Peak = Omit<LastRow, 'tail'>;

const atRow = ({ timeMs, offset, values, expected, low, high }: Alarmed, channel: number): Peak => ({
  ...{ timeMs, offset, channel, actual: values[channel], expected: expected[channel] },
  ...{ low: low[channel], high: high[channel] },
});

/** What was out of range, where it is no single row: the row itself lies in its band, or is not what makes the others strange. */
function quantityAt({ last }: Own, { reasons, about }: Alarmed, peak: Peak, alone: boolean): Kept | undefined {
  const [main] = reasons?.parts ?? [];
  if (main && reasons) {
    const inBand = !(peak.actual < peak.low || peak.actual > peak.high);
    // Of a channel other than the one that is named nothing can be said.
    const named = isOfKey(main.kind) || newestChannel(reasons) === peak.channel;
    return inBand && named ? keptOf(main.kind, main.measured) : undefined;
  }
  if (about === undefined || about.rows < 2 || alone) return undefined;
  return ofLastRows(last, about.rows, peak.channel);
}

function anomalyOf(shard: Shard, own: Own, key: string, status: Anomaly['status']): Anomaly {
  const channel = shard.channels[own.channel[0]] ?? `channel ${own.channel[0]}`;
  const card = cardOf(own.card, likenessOf(own), own.endOffset[0]);
  const told = own.told ? peakWords(own.told) : {};
  const kept = keptIn(own.quantity);
  const quantity = kept && quantityOf(kept);
  const marked = markedBy(own.excuse[0]);
  return {
    id: `${shard.name}@${placeOf(own.alarmOffset[0])}`,
    key,
    status,
    ...spanOf(own),
    channel,
    ...peakOf(own),
    ...(quantity ? { quantity } : {}),
    why: why(
      { channel, ...peakOf(own), ...spanOf(own) },
      { told, quantity, ofKey: kept && besideChannel(kept), marked, cause: card.causes?.[0]?.text },
    ),
    ...(marked ? { marked } : {}),
    ...told,
    ...card,
    ...(shard.memory ? { model: shard.memory.name, version: shard.memory.version } : {}),
    ...(shard.judge ? { judge: shard.judge } : {}),
  };
}

const peakOf = ({ actual, expected, low, high }: Own): Pick<Anomaly, 'actual' | 'expected' | 'low' | 'high'> => ({
  actual: actual[0],
  expected: expected[0],
  low: low[0],
  high: high[0],
});

function likenessOf({ channel, actual, expected, score }: Own): Likeness {
  const side = Math.sign(actual[0] - expected[0]);
  return { channel: channel[0], side: Number.isNaN(side) ? 0 : side, score: score[0] };
}
