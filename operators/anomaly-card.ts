import type { Anomaly } from '../event.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What every anomaly has: what is kept of one whose card is too large. */
const needed = [
  ...([
    'id',
    'kind',
    'status',
    'startMs',
    'endMs',
    'startOffset',
    'endOffset',
    'peakMs',
    'peakOffset',
    'alarms',
  ] as const),
  ...([
    'severity',
    'score',
    'channel',
    'actual',
    'expected',
    'low',
    'high',
    'why',
    'model',
    'version',
    'judge',
    'together',
  ] as const),
] satisfies readonly (keyof Anomaly)[];

/** Texts of a card that is too large are cut to so many characters, or half as many and so on until it fits. */
const textChars = 200;
const causeChars = 80;
const causesKept = 3;

/** Writes an anomaly as JSON into the bytes of a row, without its key; returns how many it took. */
export function writeCard(anomaly: Anomaly, card: Uint8Array): number {
  const { key: _, ...rest } = anomaly;
  const bytes = encoder.encode(JSON.stringify(rest));
  let small = bytes;
  for (let part = 1; small.length > card.length; part /= 2)
    small = encoder.encode(JSON.stringify(shortened(anomaly, part)));
  card.fill(0);
  card.set(small);
  return small.length;
}

/** The anomaly that was written; numbers that were none are NaN again. */
export function readCard(card: Uint8Array, key: string): Anomaly {
  // Decoders refuse shared memory, so the bytes are copied first.
  const found = JSON.parse(decoder.decode(card.slice())) as Record<string, unknown>;
  for (const name of ['actual', 'expected', 'low', 'high']) found[name] ??= Number.NaN;
  return { ...found, key } as unknown as Anomaly;
}

/** What is needed, and the foremost causes, with a part of the characters that texts may have. */
function shortened(anomaly: Anomaly, part: number): object {
  const kept = needed.map((name) => {
    const value = anomaly[name];
    return [name, typeof value === 'string' ? value.slice(0, textChars * part) : value];
  });
  const causes = anomaly.causes?.slice(0, causesKept).map(({ feature, contribution, text }) => ({
    feature: feature.slice(0, 40 * part),
    contribution,
    text: text.slice(0, causeChars * part),
  }));
  return { ...Object.fromEntries(kept), ...(causes ? { causes } : {}) };
}
