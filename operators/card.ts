import type { Anomaly } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { type ReasonKind, type Reasons, reasonKinds } from './evidence/judge.js';
import { inWords, keptOf, quantityOf, short } from './quantity.js';

/** Causes that are kept of the peak, surprising rows before it, and episodes of the past that are remembered. */
const causes = 4;
const steps = 5;
const episodes = 16;
/** Rows in which a row is still one of those before. */
const stepRows = 200;
/** Episodes that are told, and how alike they must be. */
const told = 3;
const likenessMin = 0.3;
/** Difference of the logarithms of two scores that counts as much as another channel. */
const scoreSpan = 10;

/** What a card says beside the numbers of the peak. */
export const cardLayout = {
  rows: f64(),
  /** Index among the kinds of evidence and nats, the strongest first; 0 nats for none. */
  kind: u32(causes),
  nats: f64(causes),
  /** The number each went by, and the range it had; NaN where there is none. */
  actual: f64(causes),
  low: f64(causes),
  high: f64(causes),
  /** The most surprising of the last rows, in any order; `stepRow` says when each was, in rows of the key. */
  stepRow: f64(steps),
  stepMs: f64(steps),
  stepOffset: f64(steps),
  stepSurprise: f64(steps),
  /** Episodes of the past in a ring: when, and what they were like. */
  past: u32(),
  pastStartMs: f64(episodes),
  pastEndMs: f64(episodes),
  pastChannel: u32(episodes),
  pastKind: u32(episodes),
  pastSide: f64(episodes),
  pastScore: f64(episodes),
};
export type Card = Row<typeof cardLayout>;

/** What an episode is like. */
export interface Likeness {
  readonly channel: number;
  /** 1 above what was expected, −1 below, 0 neither. */
  readonly side: number;
  readonly score: number;
}

/** Takes a row to the surprising ones before an episode. */
export function noteStep(own: Card, timeMs: number, offset: number, tail: ArrayLike<number>): void {
  own.rows[0]++;
  let surprise = 0;
  for (let c = 0; c < tail.length; c++) if (tail[c] > 0) surprise -= kernels.log(tail[c]);
  let least = 0;
  for (let i = 0; i < steps; i++) {
    if (own.rows[0] - own.stepRow[i] > stepRows) own.stepSurprise[i] = 0;
    if (own.stepSurprise[i] < own.stepSurprise[least]) least = i;
  }
  if (surprise < own.stepSurprise[least]) return;
  own.stepRow[least] = own.rows[0];
  own.stepMs[least] = timeMs;
  own.stepOffset[least] = offset;
  own.stepSurprise[least] = surprise;
}

/** Takes the reasons of the row that is the peak now. */
export function noteReasons(own: Card, reasons: Reasons | undefined): void {
  own.nats.fill(0);
  reasons?.parts.slice(0, causes).forEach(({ kind, nats, measured = unmeasured }, i) => {
    own.kind[i] = reasonKinds.indexOf(kind);
    own.nats[i] = nats;
    own.actual[i] = measured.actual;
    own.low[i] = measured.low;
    own.high[i] = measured.high;
  });
}

/** Remembers an episode that is over. */
export function noteEpisode(own: Card, startMs: number, endMs: number, { channel, side, score }: Likeness): void {
  const at = own.past[0]++ % episodes;
  own.pastStartMs[at] = startMs;
  own.pastEndMs[at] = endMs;
  own.pastChannel[at] = channel;
  own.pastKind[at] = mainKind(own);
  own.pastSide[at] = side;
  own.pastScore[at] = score;
}

const unmeasured = { actual: Number.NaN, low: Number.NaN, high: Number.NaN };

const mainKind = ({ nats, kind }: Card): number => (nats[0] > 0 ? kind[0] : reasonKinds.indexOf('none'));

const texts: Readonly<Record<ReasonKind, string>> = {
  value: 'the value lies outside all it was',
  level: 'the mean of 20 rows lies outside all it was',
  'slow level': 'the mean of 100 rows lies outside all it was',
  spread: 'it varies unlike ever before, over 100 rows',
  floor: 'its lowest value in 40 rows is a new one',
  ceiling: 'its highest value in 40 rows is a new one',
  'forecast error': 'forecasts miss as they never did, over 10 rows',
  'forecast bias': 'forecasts miss to one side',
  surprise: 'it is less expected than ever, over 100 rows',
  pace: 'rows come faster or slower than they did',
  'missing values': 'more values are missing than there were',
  relation: 'a channel no longer goes with the others as it did',
  'joint state': 'the channels are together as they never were',
  none: 'it is strange',
  'single error': 'the forecast missed this row as it never did',
  sequence: 'the last 10 rows followed each other as rows had not before',
};

/** The fields of an anomaly that its card fills in; it ends at `endOffset`. */
export function cardOf(
  own: Card,
  like: Likeness,
  endOffset = Number.POSITIVE_INFINITY,
): Pick<Anomaly, 'causes' | 'steps' | 'similar'> {
  let sum = 0;
  for (const nats of own.nats) sum += nats;
  const because = Array.from(own.nats, (nats, i) => ({ nats, i, kind: reasonKinds[own.kind[i]] as ReasonKind }))
    .filter(({ nats }) => nats > 0)
    .map(({ nats, i, kind }) => ({ feature: kind, contribution: nats / sum, text: textOf(own, kind, i) }));
  const before = Array.from(own.stepSurprise, (surprise, i) => ({
    offset: own.stepOffset[i],
    timeMs: own.stepMs[i],
    surprise,
  }))
    // Rows behind the end, by which it is known, are none of those that led to it or were in it.
    .filter(({ surprise, offset }) => surprise > 0 && offset <= endOffset)
    .sort((a, b) => b.surprise - a.surprise || a.offset - b.offset);
  return { ...(because.length > 0 ? { causes: because } : {}), steps: before, similar: similarTo(own, like) };
}

/** A cause in words, with its number where it has one. */
function textOf(own: Card, kind: ReasonKind, i: number): string {
  const found = { actual: own.actual[i], low: own.low[i], high: own.high[i] };
  const kept = Number.isNaN(found.actual) ? undefined : keptOf(kind, found);
  if (kept) return inWords(quantityOf(kept));
  if (kind !== 'value' || Number.isNaN(found.actual)) return texts[kind];
  return `the value lies outside all it was (${short(found.low)} to ${short(found.high)})`;
}

/** Episodes of this key that were most alike, the likest first. */
function similarTo(own: Card, { channel, side, score }: Likeness): NonNullable<Anomaly['similar']> {
  const kind = mainKind(own);
  return Array.from({ length: Math.min(own.past[0], episodes) }, (_, i) => {
    const apart =
      Number(own.pastChannel[i] !== channel) +
      Number(own.pastKind[i] !== kind) +
      Number(own.pastSide[i] !== side) +
      Math.abs(kernels.log(own.pastScore[i] / score)) / scoreSpan;
    return { startMs: own.pastStartMs[i], endMs: own.pastEndMs[i], likeness: kernels.exp(-apart) };
  })
    .filter(({ likeness }) => likeness >= likenessMin)
    .sort((a, b) => b.likeness - a.likeness || b.startMs - a.startMs)
    .slice(0, told);
}
