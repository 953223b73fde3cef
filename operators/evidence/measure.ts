import { kernels } from '../../models/kernels/index.js';
import type { About } from './about.js';
import { type Arrival, gapRows, missingRows } from './arrival.js';
import type { Judge, Part, ReasonKind, Reasons } from './judge.js';
import { levelRows, longRows, type NoveltyKind, noveltyKinds, noveltyNumbers, range as valueRange } from './novelty.js';
import type { Edges } from './range.js';
import { deviationOf, meanOf, nth } from './recent.js';
import { relationRows } from './relation.js';
import { longestSum, runRows } from './run.js';
import { edgesBefore, edgesOf } from './trust.js';

/** A number that was out of range, and the range it had. */
export interface Measured extends Edges {
  readonly actual: number;
}

/** Which of the last rows made a number so: the strongest, and the first that belongs to it, in rows back. */
export interface Led {
  readonly strongest: number;
  readonly since: number;
}

/** What the others do not explain of a channel, in usual sizes, from which on few rows say so. */
const leastLeft = 1.25;

/** How many of the last rows each kind of evidence is about. */
export const rowsOf: Readonly<Record<ReasonKind, number>> = {
  ...(Object.fromEntries(noveltyKinds.map((kind) => [kind, noveltyNumbers[kind].rows])) as Record<NoveltyKind, number>),
  pace: gapRows,
  'missing values': missingRows,
  relation: relationRows.short,
  'joint state': levelRows,
  none: 1,
  sequence: 10,
};

const isOfChannel = (kind: ReasonKind): kind is NoveltyKind => Object.hasOwn(noveltyNumbers, kind);

/** Whether a kind of evidence is of the key as a whole and not of a channel. */
export const isOfKey = (kind: ReasonKind): boolean => !isOfChannel(kind);

/** The reasons with what each was measured by, as soon as the row is judged. */
export function measured(own: Judge, reasons: Reasons): Reasons {
  const parts = reasons.parts.map((part) => {
    const found = measure(own, part, channelOf(own, part.kind, reasons));
    return found ? { ...part, measured: found } : part;
  });
  return { ...reasons, parts };
}

/** The channel whose parts reasons tell, which may be another than the one they name. */
export const newestChannel = ({ channels }: Reasons): number => channels.indexOf(Math.max(...channels));

/** The channel that a kind is told of: where only two have left each other, the one that did more. */
export function channelOf(own: Judge, kind: ReasonKind, reasons: Reasons): number {
  if (kind !== 'relation') return newestChannel(reasons);
  if (reasons.channel >= 0) return reasons.channel;
  let channel = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < reasons.channels.length; c++) {
    const left = leftOf(own, c, relationRows.short);
    // Of a channel that has said too little it is not known.
    if (left > most) [channel, most] = [c, left];
  }
  return channel;
}

/** What the other channels do not explain of one, over so many rows, in usual sizes. */
const leftOf = (own: Judge, channel: number, rows: number): number =>
  Math.sqrt(meanOf(own.relation.channel[`c${channel}`].energies, rows));

function measure(own: Judge, { kind, nats }: Part, channel: number): Measured | undefined {
  if (isOfChannel(kind)) {
    const { noNews, weight, past, of } = noveltyNumbers[kind];
    const { novelty } = own.channel[`c${channel}`];
    const x = of(novelty);
    // Bounded below it is measured by; what it really is is told.
    const actual = kind === 'spread' ? kernels.log(deviationOf(novelty.values, longRows)) : x;
    return { actual, ...edgesBefore(novelty[past], x, nats / weight, noNews, valueRange) };
  }
  if (kind === 'relation') {
    const actual = leftOf(own, channel, relationRows.short);
    // Usual is 1, and what it was at most is not kept; below that it is what many rows come to that is new.
    return actual > leastLeft ? { actual, low: 0, high: (1 + actual) / 2 } : undefined;
  }
  if (kind === 'pace') return { actual: paceOf(own.arrival), ...edgesOf(own.arrival.gap) };
  if (kind === 'missing values') {
    return { actual: meanOf(own.arrival.missing, missingRows), ...edgesOf(own.arrival.share) };
  }
  return undefined;
}

const paceOf = ({ gaps }: Arrival): number => kernels.log(1 + meanOf(gaps, gapRows));

/** The number of a kind as it is now, NaN where it has none. */
export function numberOf(own: Judge, kind: ReasonKind, channel: number): number {
  if (isOfChannel(kind)) return noveltyNumbers[kind].of(own.channel[`c${channel}`].novelty);
  if (kind === 'relation') return leftOf(own, channel, relationRows.short);
  if (kind === 'pace') return paceOf(own.arrival);
  return kind === 'missing values' ? meanOf(own.arrival.missing, missingRows) : Number.NaN;
}

/** How much the row `back` rows ago adds to a number that has left its range; above 0 it is one of those that make it so. */
export function shareOf(own: Judge, kind: ReasonKind, channel: number, { actual, low, high }: Measured, back: number) {
  const above = actual > high;
  const beyond = (x: number): number => (above ? x - high : low - x);
  if (kind === 'spread') {
    const { values } = own.channel[`c${channel}`].novelty;
    // Of a wide spread the far ones, of a narrow one those that are where the last one is.
    if (above) return Math.abs(nth(values, back) - meanOf(values, longRows)) - kernels.exp(high);
    return kernels.exp(low) - Math.abs(nth(values, back) - nth(values, 0));
  }
  if (isOfChannel(kind)) return beyond(nth(own.channel[`c${channel}`].novelty[noveltyNumbers[kind].ring], back));
  if (kind === 'relation') return Math.sqrt(nth(own.relation.channel[`c${channel}`].energies, back)) - high;
  if (kind === 'pace') return beyond(kernels.log(1 + nth(own.arrival.gaps, back)));
  return kind === 'missing values' ? beyond(nth(own.arrival.missing, back)) : 0;
}

/** Which rows all evidence is about: those that its main kind looks at, and the strange ones before. */
export function aboutOf(own: Judge, reasons: Reasons, run: number): About {
  const [main] = reasons.parts;
  const rows = main ? rowsOf[main.kind] : 1;
  if (!main?.measured) return { rows, since: Math.max(0, run), strongest: 0 };
  const { strongest, since } = ledBy(own, main.kind, channelOf(own, main.kind, reasons), main.measured);
  return { rows, since: Math.max(since, run), strongest };
}

/** Which rows made what alarmed so. */
export function ledBy(own: Judge, kind: ReasonKind, channel: number, found: Measured): Led {
  const rows = Math.min(
    runRows,
    rowsOf[kind],
    isOfChannel(kind) ? countOf(own, kind, channel) : Number.POSITIVE_INFINITY,
  );
  const of = (back: number): number => shareOf(own, kind, channel, found, back);
  const since = Math.max(0, longestSum(rows, of));
  // A lowest or highest value is one row's, on whichever side it has left its range.
  const isEdge = kind === 'floor' || kind === 'ceiling';
  const weight = isEdge ? sided(own, channel, kind === 'floor' ? -1 : 1) : of;
  let strongest = 0;
  for (let back = 1; back <= (isEdge ? rows - 1 : since); back++) {
    if (weight(back) > weight(strongest)) strongest = back;
  }
  return { strongest, since };
}

const sided =
  (own: Judge, channel: number, side: number) =>
  (back: number): number =>
    side * nth(own.channel[`c${channel}`].novelty.values, back);

const countOf = (own: Judge, kind: NoveltyKind, channel: number): number =>
  own.channel[`c${channel}`].novelty[noveltyNumbers[kind].ring].count[0];
