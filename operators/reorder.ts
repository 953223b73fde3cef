import { type Event, placeOf } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { checkNames, checkNumber, checkWord } from './options.js';
import { extended, keyed, type Nothing, type Out, type Stage } from './stage.js';
import { dropWords, insertWords, readWords, waitingWords } from './waiting-words.js';

export interface ReorderOptions {
  /** How long a row may wait for rows before it that are still under way, by event time; default 0: none waits. */
  readonly latenessMs?: number;
  /** Rows of one key that may wait; when one more comes the oldest is let go. Default 256. */
  readonly capacity?: number;
  /**
   * Rows of one key with the same time: `keep` passes them on in order of arrival (some logs report twice in a minute),
   * `reject` refuses all but the first. A row that repeats the offset too is refused either way. Default `keep`.
   */
  readonly duplicates?: 'keep' | 'reject';
  /** A time so far from the key's clock, before or after, is taken for a mistake; default one year. */
  readonly leapMs?: number;
  readonly keys?: KeyLimit;
}

/** After so many refused rows in a row that agree among themselves it was the clock that was wrong, and it moves. */
const agreeingRows = 16;

function layoutOf(channels: number, capacity: number, words: number) {
  return {
    ...(words > 0 ? { words: waitingWords(capacity * words) } : {}),
    /** Rows accepted; 0 means that there is no clock yet. */
    rows: f64(),
    /** The latest time accepted. */
    clockMs: f64(),
    released: u32(),
    releasedMs: f64(),
    releasedOffset: f64(),
    /** Refused rows in a row that agree, and the time of the last. */
    far: u32(),
    farMs: f64(),
    /** The waiting room, in order of time, rows of equal time in order of arrival. */
    waiting: u32(),
    timeMs: f64(capacity),
    offset: f64(capacity),
    values: f64(capacity * channels),
  };
}
type Own = Row<ReturnType<typeof layoutOf>>;

/** A width of values, and which of the channels are of words. */
interface Shape {
  readonly width: number;
  readonly words: readonly number[];
}

/**
 * Passes the rows of each key on in order of event time, and refuses rows that come too late, twice, or from another
 * age. A row waits until one `latenessMs` later has come, or the room is full, or the log ends.
 */
export function reorder(options: ReorderOptions = {}): Stage<Event, Event> {
  const { latenessMs = 0, capacity = 256, duplicates = 'keep', leapMs = 31_557_600_000, keys } = options;
  checkNames('reorder', options, ['latenessMs', 'capacity', 'duplicates', 'leapMs', 'keys']);
  checkNumber('reorder.latenessMs', latenessMs, { min: 0 });
  checkNumber('reorder.capacity', capacity, { min: 1, max: 65_536, whole: true });
  checkWord('reorder.duplicates', duplicates, ['keep', 'reject']);
  checkNumber('reorder.leapMs', leapMs, { min: Math.max(1, latenessMs) });
  // Without lateness a row never outlasts its own step.
  const room = latenessMs > 0 ? capacity : 1;
  const settings = { latenessMs, capacity, duplicates, leapMs, keys };
  return keyed<Nothing, ReturnType<typeof layoutOf>, Event, Event>(
    'reorder',
    settings,
    ({ channels, categories = [] }) => {
      const words = channels.flatMap((name, c) => (categories.includes(name) ? [c] : []));
      const shape: Shape = { width: channels.length, words };
      const refusal = (own: Own, row: Event): readonly [reason: string, message: string] | undefined => {
        if (!Number.isFinite(row.timeMs)) return ['no-time', `expected a time in ms since 1970, got ${row.timeMs}`];
        if (own.rows[0] > 0 && Math.abs(row.timeMs - own.clockMs[0]) > leapMs) {
          const near = `within ${leapMs} ms of ${shown(own.clockMs[0])}`;
          return ['far', `expected a time ${near}, got ${shown(row.timeMs)}: mend it, or raise reorder.leapMs`];
        }
        if (repeats(own, row, duplicates === 'reject')) {
          return [
            'duplicate',
            `expected one row for ${shown(row.timeMs)}, got offset ${placeOf(row.offset)} as another`,
          ];
        }
        if (own.released[0] > 0 && row.timeMs < own.releasedMs[0]) {
          const from = `from ${shown(own.releasedMs[0])} on`;
          return ['late', `expected a time ${from}, got ${shown(row.timeMs)}: raise reorder.latenessMs to wait longer`];
        }
        return undefined;
      };
      return {
        id: 'reorder',
        version: '1',
        keys,
        shared: {},
        layout: layoutOf(channels.length, room, latenessMs > 0 ? words.length : 0),
        step(_, own, row, out) {
          const refused = refusal(own, row);
          if (refused?.[0] === 'far' && agrees(own, row.timeMs, leapMs)) {
            release(own, row.key, shape, Number.POSITIVE_INFINITY, out);
            own.clockMs[0] = row.timeMs;
            own.released[0] = 0;
          } else if (refused) {
            out.reject(row, ...refused);
            return;
          }
          own.far[0] = 0;
          own.clockMs[0] = own.rows[0]++ === 0 ? row.timeMs : Math.max(own.clockMs[0], row.timeMs);
          if (latenessMs === 0) return pass(own, row, out);
          if (own.waiting[0] === room) {
            // Full: the oldest goes, which may be the one that has just come.
            if (row.timeMs < own.timeMs[0]) return pass(own, row, out);
            releaseFirst(own, row.key, shape, 1, out);
          }
          insert(own, row, shape);
          release(own, row.key, shape, own.clockMs[0] - latenessMs, out);
        },
        finish: (_, own, key, out) => release(own, key, shape, Number.POSITIVE_INFINITY, out),
      };
    },
  );
}

/** Counts rows far from the clock but near each other; true when there are enough to believe them. */
function agrees(own: Own, timeMs: number, leapMs: number): boolean {
  own.far[0] = own.far[0] > 0 && Math.abs(timeMs - own.farMs[0]) <= leapMs ? own.far[0] + 1 : 1;
  own.farMs[0] = timeMs;
  return own.far[0] > agreeingRows;
}

/** True if a row of this time, and unless `byTime` is set of this offset too, waits or was the last to go. */
function repeats(own: Own, { timeMs, offset }: Event, byTime: boolean): boolean {
  if (own.released[0] > 0 && own.releasedMs[0] === timeMs && (byTime || own.releasedOffset[0] === offset)) return true;
  for (let i = own.waiting[0] - 1; i >= 0 && own.timeMs[i] >= timeMs; i--) {
    if (own.timeMs[i] === timeMs && (byTime || own.offset[i] === offset)) return true;
  }
  return false;
}

function insert(own: Own, row: Event, { width, words }: Shape): void {
  let at = own.waiting[0]++;
  while (at > 0 && own.timeMs[at - 1] > row.timeMs) at--;
  const last = own.waiting[0] - 1;
  own.timeMs.copyWithin(at + 1, at, last);
  own.offset.copyWithin(at + 1, at, last);
  own.values.copyWithin((at + 1) * width, at * width, last * width);
  own.timeMs[at] = row.timeMs;
  own.offset[at] = row.offset;
  if (own.words) insertWords(own.words, at, last, words, row.words ?? []);
  for (let c = 0; c < width; c++) own.values[at * width + c] = row.values[c] as number;
}

/** Lets go all rows up to a time. */
function release(own: Own, key: string, shape: Shape, upToMs: number, out: Out<Event>): void {
  let count = 0;
  while (count < own.waiting[0] && own.timeMs[count] <= upToMs) count++;
  if (count > 0) releaseFirst(own, key, shape, count, out);
}

function releaseFirst(own: Own, key: string, { width, words: of }: Shape, count: number, out: Out<Event>): void {
  for (let i = 0; i < count; i++) {
    const values = Array.from(own.values.subarray(i * width, (i + 1) * width));
    const row = { key, timeMs: own.timeMs[i], values, offset: own.offset[i] };
    pass(own, own.words ? extended(row, { words: readWords(own.words, i, of, width) }) : row, out);
  }
  const waiting = own.waiting[0];
  own.timeMs.copyWithin(0, count, waiting);
  own.offset.copyWithin(0, count, waiting);
  own.values.copyWithin(0, count * width, waiting * width);
  if (own.words) dropWords(own.words, count, waiting, of.length);
  own.waiting[0] = waiting - count;
}

function pass(own: Own, row: Event, out: Out<Event>): void {
  own.released[0] = 1;
  own.releasedMs[0] = row.timeMs;
  own.releasedOffset[0] = row.offset;
  out.emit(row);
}

/** A time as people read it; one that no calendar knows as the number it is. */
const shown = (timeMs: number): string =>
  Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : String(timeMs);
