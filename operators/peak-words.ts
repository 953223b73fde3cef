import type { Anomaly, Event } from '../event.js';
import type { Prediction } from '../models/model.js';
import { f64, type Row, u8, u32 } from '../state/layout.js';

/** Bytes of JSON for what a memory of patterns said of the peak. */
const bytesMax = 2048;

/** A word that comes at least so often as its place is no reason; and rows for which the least likely one is kept. */
const commonTail = 0.2;
const keptRows = 10;

/** What is kept where the memory tells what it had not expected, as JSON, and when that was. */
export const peakWordsLayout = {
  json: u8(bytesMax),
  bytes: u32(),
  /** Of words: how unlikely the least likely one of late was, rows since, when it was, and its channel. */
  tail: f64(),
  age: u32(),
  timeMs: f64(),
  offset: f64(),
  channel: u32(),
};
export type PeakWords = Row<typeof peakWordsLayout>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The fields of an anomaly that come of it. */
export type Told = Pick<Anomaly, 'word' | 'unexpected'>;

/** A row, as far as it is looked at. */
export interface Spoken extends Event {
  readonly tail: ArrayLike<number>;
  readonly prediction?: Pick<Prediction, 'words' | 'unexpected'>;
}

/**
 * Keeps the least likely word of the last rows, or of an episode that is open: rows after it may be what alarms, and are
 * not what was wrong.
 */
export function noteWords(own: PeakWords, row: Spoken, names: readonly string[], open: boolean): void {
  const words = row.prediction?.words;
  if (!words) return;
  own.age[0]++;
  if (own.bytes[0] > 0 && own.age[0] > keptRows && !open) own.bytes[0] = 0;
  for (const { channel, tail } of words) {
    if (!(tail < commonTail) || (own.bytes[0] > 0 && own.tail[0] <= tail)) continue;
    own.tail[0] = tail;
    own.age[0] = 0;
    own.timeMs[0] = row.timeMs;
    own.offset[0] = row.offset;
    own.channel[0] = channel;
    notePeak(own, row.prediction ?? {}, row.words ?? [], names, channel);
  }
}

/** Keeps what was said of a row, by its least expected channel. */
export function notePeak(
  own: PeakWords,
  { words = [], unexpected = [] }: Pick<Prediction, 'words' | 'unexpected'>,
  said: readonly (string | undefined)[],
  names: readonly string[],
  channel: number,
): void {
  const found = words.find((of) => of.channel === channel);
  const actual = said[channel];
  const missed = words.flatMap(({ channel: c, expected, tail }) => {
    const [best] = expected;
    if (best === undefined || said[c] === undefined || !(tail < 0.5)) return [];
    return [{ field: names[c], share: 1 - tail, instead: best.word }];
  });
  const told: Told = {
    ...(found && actual !== undefined ? { word: { actual, expected: found.expected } } : {}),
    unexpected: [...missed, ...unexpected.filter(({ field }) => !missed.some((other) => other.field === field))]
      .sort((a, b) => b.share - a.share)
      .slice(0, 4),
  };
  let bytes = encoder.encode(JSON.stringify(told));
  // Long words: the likeliest one is what matters.
  if (bytes.length > bytesMax) bytes = encoder.encode(JSON.stringify(shortened(told)));
  own.json.fill(0);
  own.json.set(bytes.subarray(0, bytesMax));
  own.bytes[0] = bytes.length <= bytesMax ? bytes.length : 0;
}

const shortened = ({ word, unexpected = [] }: Told): Told => ({
  ...(word ? { word: { actual: word.actual, expected: word.expected.slice(0, 1) } } : {}),
  unexpected: unexpected.slice(0, 1),
});

/** What was kept. */
export function peakWords(own: PeakWords): Told {
  if (own.bytes[0] === 0) return {};
  // Decoders refuse shared memory, so the bytes are copied first.
  const { word, unexpected = [] } = JSON.parse(decoder.decode(own.json.slice(0, own.bytes[0]))) as Told;
  return { ...(word ? { word } : {}), ...(unexpected.length > 0 ? { unexpected } : {}) };
}

/** `OPEN (93 %) or IDLE (5 %)`, and what had been expected of fields. */
export function sentenceOf(channel: string, { word, unexpected = [] }: Told): string | undefined {
  if (word) {
    const [first, ...rest] = word.expected.map(({ word: other, probability }) => `${other} (${percent(probability)})`);
    const expected = first === undefined ? 'nothing known' : [first, ...rest.slice(0, 2)].join(' or ');
    return `${channel} ${word.actual} where ${expected} was expected`;
  }
  if (unexpected.length === 0) return undefined;
  const parts = unexpected.map(({ field, instead }) => `${field} (${instead} was)`);
  return `least expected: ${parts.join(', ')}`;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
