import { formatOf, timeReader } from '../times.js';
import type { Bounds, KafkaAdmin } from './admin.js';

/**
 * Where a replay begins or ends: an offset for all partitions, `0:5,1:80` for each, a time (RFC 3339, or milliseconds
 * since 1970), or an end of the log (`earliest`, `latest`).
 */
export type KafkaPlace = number | string;

/** A stretch of one partition, within what the log holds. */
export interface Stretch {
  readonly partition: number;
  /** First offset, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** What was asked for, where that was an offset. */
  readonly asked: number | undefined;
  /** What the log holds. */
  readonly bounds: Bounds;
}

type Place =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'each'; readonly offsets: ReadonlyMap<number, number> }
  | { readonly kind: 'time'; readonly timeMs: number };

/** Reads a place; digits are an offset, 13 of them a time in milliseconds. */
export function parsePlace(text: KafkaPlace, what: 'from' | 'to'): Place {
  const wrong = (): RangeError =>
    new RangeError(
      `${what}: expected earliest, latest, an offset, an offset for each partition (0:500,1:720), a time such as ` +
        `2024-05-01T00:00:00Z or milliseconds since 1970 (13 digits), got ${JSON.stringify(text)}`,
    );
  if (typeof text === 'number') {
    if (!Number.isSafeInteger(text) || text < 0) throw wrong();
    return { kind: 'offset', offset: text };
  }
  if (text === 'earliest' || text === 'latest') return { kind: text };
  if (/^\d{1,12}$/.test(text)) return { kind: 'offset', offset: Number(text) };
  if (/^\d+:\d+(,\d+:\d+)*$/.test(text)) {
    const pairs = text.split(',').map((pair) => pair.split(':').map(Number) as [number, number]);
    const offsets = new Map(pairs);
    if (offsets.size < pairs.length) throw new RangeError(`${what}: expected every partition once, got ${text}`);
    if (pairs.some((pair) => !pair.every(Number.isSafeInteger))) throw wrong();
    return { kind: 'each', offsets };
  }
  const format = /^\d{13}$/.test(text) ? 'epoch-ms' : formatOf(text);
  if (format !== 'iso' && !(format === 'epoch-ms' && /^\d{13}$/.test(text))) throw wrong();
  const timeMs = timeReader(format, 0)(text);
  if (Number.isNaN(timeMs)) throw wrong();
  return { kind: 'time', timeMs };
}

/** Asks a cluster what a range is in each partition; refuses one that ends before it begins, or lies outside the log. */
export async function stretchesOf(
  admin: Pick<KafkaAdmin, 'partitions' | 'ends' | 'offsetsAt'>,
  topic: string,
  from: KafkaPlace = 'earliest',
  to: KafkaPlace = 'latest',
): Promise<Stretch[]> {
  const [first, last] = [parsePlace(from, 'from'), parsePlace(to, 'to')];
  refuseReversed(first, last, from, to);
  const bounds = await admin.ends(topic);
  for (const [place, what] of [
    [first, 'from'],
    [last, 'to'],
  ] as const) {
    refuseOutside(place, what, topic, bounds);
  }
  const [begins, ends] = [await offsetsOf(first, bounds), await offsetsOf(last, bounds)];
  const stretches = [...bounds].map(([partition, own]): Stretch => {
    const begin = begins(partition, own);
    const end = Math.min(own.high, ends(partition, own));
    const asked = first.kind === 'offset' || first.kind === 'each' ? begin : undefined;
    return { partition, from: Math.max(begin, own.low), to: end, asked, bounds: own };
  });
  const reversed = stretches.filter((one) => one.from > one.to && one.from <= one.bounds.high);
  if (reversed.length > 0 && stretches.every((one) => one.from > one.to || one.bounds.high === one.bounds.low)) {
    const [{ partition, from: begin, to: end }] = reversed;
    throw new RangeError(
      `expected from before to, got a range that begins at offset ${begin} and ends at ${end} in partition ${partition} of ${topic}`,
    );
  }
  return stretches;

  async function offsetsOf(place: Place, all: ReadonlyMap<number, Bounds>) {
    const found = place.kind === 'time' ? await admin.offsetsAt(topic, place.timeMs) : new Map<number, number>();
    return (partition: number, { low, high }: Bounds): number => {
      if (place.kind === 'earliest') return low;
      if (place.kind === 'latest') return high;
      if (place.kind === 'offset') return place.offset;
      if (place.kind === 'each') return place.offsets.get(partition) ?? (place === first ? low : high);
      return found.get(partition) ?? (all.get(partition) as Bounds).high;
    };
  }
}

/** What can be said without asking the cluster. */
function refuseReversed(first: Place, last: Place, from: KafkaPlace, to: KafkaPlace): void {
  if (first.kind === 'latest') {
    throw new RangeError('from: expected a place before the end of the log, got latest: nothing lies behind it');
  }
  if (last.kind === 'earliest') {
    throw new RangeError('to: expected a place behind the beginning of the log, got earliest: nothing lies before it');
  }
  const order = (a: Place, b: Place): boolean =>
    (a.kind === 'time' && b.kind === 'time' && a.timeMs > b.timeMs) ||
    (a.kind === 'offset' && b.kind === 'offset' && a.offset > b.offset);
  if (order(first, last)) throw new RangeError(`expected from before to, got from=${from} and to=${to}`);
  if (first.kind !== 'each' || last.kind !== 'each') return;
  for (const [partition, begin] of first.offsets) {
    const end = last.offsets.get(partition);
    if (end === undefined || begin <= end) continue;
    throw new RangeError(
      `expected from before to, got from=${begin} and to=${end} in partition ${partition}: exchange them`,
    );
  }
}

/** Partitions that are not there, and offsets behind the end. That records before are gone is told when reading starts. */
function refuseOutside(place: Place, what: string, topic: string, bounds: ReadonlyMap<number, Bounds>): void {
  if (place.kind === 'offset') {
    const furthest = Math.max(...[...bounds.values()].map(({ high }) => high));
    if (place.offset <= furthest) return;
    throw new RangeError(
      `${what}: expected an offset of at most ${furthest}, where the longest partition of ${topic} ends, got ${place.offset}`,
    );
  }
  if (place.kind !== 'each') return;
  for (const [partition, offset] of place.offsets) {
    const own = bounds.get(partition);
    if (!own) {
      throw new RangeError(
        `${what}: expected partitions 0 to ${bounds.size - 1} of ${topic}, got partition ${partition}`,
      );
    }
    if (offset > own.high) {
      throw new RangeError(
        `${what}: expected an offset of at most ${own.high}, where partition ${partition} of ${topic} ends, got ${offset}`,
      );
    }
  }
}
