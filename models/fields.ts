import {
  type Cell,
  categoryBits,
  categorySize,
  cellOf,
  partWidth,
  phaseBits,
  phaseSize,
  placeBits,
  placeSize,
  placeWidth,
  scalarBits,
  scalarSize,
  stepOf,
} from './encoders.js';
import { isValue, modulo } from './series.js';

/** One field of what an HTM sees of a row; channels are named as the source names them. */
export type EncoderSpec =
  /** The number itself, in steps of a sixteenth (`1 / fineness`) of how far the channel moves: no range is needed. */
  | { readonly encode: 'scalar'; readonly of: string; readonly fineness?: number }
  /** Its change since the row before, in the same steps. */
  | { readonly encode: 'delta'; readonly of: string; readonly fineness?: number }
  | { readonly encode: 'time-of-day' | 'day-of-week' | 'weekend' | 'day-of-year' }
  /**
   * The first or second of time of day and day of week, where rows are 5 minutes to 12 hours apart; else of the phases of the
   * periods found.
   */
  | { readonly encode: 'season'; readonly nth: 1 | 2 }
  /** A word; of a channel of numbers, each whole number as a word. */
  | { readonly encode: 'category'; readonly of: string }
  /** Latitude and longitude, as a cell of a grid with its neighbours. */
  | { readonly encode: 'place'; readonly of: readonly [string, string]; readonly cellDegrees: number };

/** What the fields of a row are made of. */
export interface Sight {
  readonly values: ArrayLike<number>;
  readonly words?: readonly (string | undefined)[] | undefined;
  readonly timeMs: number;
  readonly periods: ArrayLike<number>;
  /** Rows before this one, and the time between the first two. */
  readonly row: number;
  readonly gapMs: number;
  /** Per channel the deviation that steps are counted in, 0 while unknown; and the value before. */
  scale(channel: number): number;
  before(channel: number): number;
  /** Hash of the word that a channel shows. */
  hash(channel: number): number;
}

/** A field at work: a row has a point in it, a number, from which its bits follow. */
export interface Field {
  readonly name: string;
  /** Bits it may set, and how many it does. */
  readonly size: number;
  readonly width: number;
  /** NaN where the row lacks what is needed. */
  point(sight: Sight): number;
  write(point: number, from: number, out: Uint32Array, at: number): number;
  /** Points that might have come in the place of this one. */
  others(point: number, before: number): Iterable<number>;
  /** A point as people write it, by the scale of the sight. */
  say(point: number, sight: Sight): string;
}

const dayMs = 86_400_000;
const yearDays = 365.2425;
/** 1 January 1970 was a Thursday. */
const weekday = 4;
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** Rows between times of day, within which the clock is worth encoding. */
const clockMs = [5 * 60_000, 12 * 3_600_000] as const;
const finenessUsual = 16;
/** Steps to each side of what came, and of what came before, among which another number is looked for. */
const reach = 64;
/** The same for cells of a grid. */
const cellReach = 6;

/** What an HTM sees of so many channels where nothing else is said. */
export function usualEncoders(names: readonly string[], categories: readonly number[]): EncoderSpec[] {
  return [
    ...names.map((of, c) => ({ encode: categories.includes(c) ? ('category' as const) : ('scalar' as const), of })),
    { encode: 'season', nth: 1 },
    { encode: 'season', nth: 2 },
  ];
}

/** A field as it is described; throws a RangeError for a channel that there is not, or that is of another kind. */
export function fieldOf(
  spec: EncoderSpec,
  names: readonly string[],
  categories: readonly number[],
  salt: number,
  at: string,
): Field {
  const channel = (name: string, ofWords: boolean): number => {
    const c = names.indexOf(name);
    const known = names.map((other) => JSON.stringify(other)).join(', ');
    if (c < 0) throw new RangeError(`${at}: expected a channel (${known}), got ${JSON.stringify(name)}`);
    if (categories.includes(c) && !ofWords) {
      throw new RangeError(`${at}: expected a channel of numbers for ${spec.encode}, got ${name}, which is of words`);
    }
    return c;
  };
  switch (spec.encode) {
    case 'scalar':
    case 'delta':
      return numberField(spec.encode, spec.of, channel(spec.of, false), spec.fineness ?? finenessUsual, salt);
    case 'category':
      return categoryField(spec.of, channel(spec.of, true), salt);
    case 'place':
      return placeField(channel(spec.of[0], false), channel(spec.of[1], false), spec.cellDegrees, salt, at);
    case 'season':
      return seasonField(spec.nth - 1);
    default:
      return clockField(spec.encode);
  }
}

function numberField(encode: 'scalar' | 'delta', of: string, c: number, fineness: number, salt: number): Field {
  const change = encode === 'delta';
  return {
    name: change ? `change of ${of}` : of,
    size: scalarSize,
    width: partWidth,
    point(sight) {
      const scale = sight.scale(c);
      const value = change ? sight.values[c] - sight.before(c) : sight.values[c];
      return isValue(value) && scale > 0 ? stepOf(value, scale / fineness) : Number.NaN;
    },
    write: (point, from, out, at) => scalarBits(point, from, out, at, salt),
    *others(point, before) {
      const other = Number.isNaN(before) ? point : before;
      for (const middle of [point, other]) for (let d = -reach; d <= reach; d++) yield middle + d;
    },
    // The bits of a step are shared with those above it: their middle is half a width higher.
    say: (point, sight) => shortNumber(((point + 0.5) * sight.scale(c)) / fineness),
  };
}

/** A field whose points are the places of a circle of bits. */
function circle(name: string, phase: (sight: Sight) => number, say: (share: number, sight: Sight) => string): Field {
  return {
    name,
    size: phaseSize,
    width: partWidth,
    point(sight) {
      const at = phase(sight);
      return Number.isNaN(at) ? at : Math.floor((at - Math.floor(at)) * phaseSize);
    },
    write: (point, from, out, at) => phaseBits((point + 0.5) / phaseSize, from, out, at),
    *others() {
      for (let point = 0; point < phaseSize; point++) yield point;
    },
    say: (point, sight) => say((point + 0.5) / phaseSize, sight),
  };
}

const dayShare = (sight: Sight): number => modulo(sight.timeMs, dayMs) / dayMs;
const weekShare = (sight: Sight): number => (sight.timeMs / dayMs + weekday) / 7;
const sayDay = (share: number): string => {
  const minutes = Math.floor(share * 1440);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
};
const sayWeek = (share: number): string => weekdays[Math.min(6, Math.floor(share * 7))];

function clockField(encode: 'time-of-day' | 'day-of-week' | 'weekend' | 'day-of-year'): Field {
  const name = encode.replaceAll('-', ' ');
  if (encode === 'time-of-day') return circle(name, dayShare, sayDay);
  if (encode === 'day-of-week') return circle(name, weekShare, sayWeek);
  if (encode === 'day-of-year') {
    return circle(
      name,
      ({ timeMs }) => timeMs / dayMs / yearDays,
      (share) => `day ${1 + Math.floor(share * yearDays)}`,
    );
  }
  const isWeekend = (sight: Sight): boolean => modulo(Math.floor(sight.timeMs / dayMs) + weekday, 7) % 6 === 0;
  return {
    ...circle(
      name,
      (sight) => (isWeekend(sight) ? 0.5 : 0),
      (share) => (share >= 0.25 ? 'weekend' : 'workday'),
    ),
    others: () => [0, phaseSize / 2],
  };
}

function seasonField(nth: number): Field {
  const byClock = ({ gapMs }: Sight): boolean => gapMs >= clockMs[0] && gapMs <= clockMs[1];
  return circle(
    ['time of day or first period', 'day of week or second period'][nth],
    (sight) => {
      if (byClock(sight)) return nth === 0 ? dayShare(sight) : weekShare(sight);
      const period = nth < sight.periods.length ? sight.periods[nth] : 0;
      return period >= 2 ? sight.row / period : Number.NaN;
    },
    (share, sight) => {
      if (byClock(sight)) return nth === 0 ? sayDay(share) : sayWeek(share);
      return `row ${Math.round(share * sight.periods[nth])} of ${Math.round(sight.periods[nth])}`;
    },
  );
}

function categoryField(of: string, c: number, salt: number): Field {
  return {
    name: of,
    size: categorySize,
    width: partWidth,
    point(sight) {
      const word = sight.words?.[c];
      if (word !== undefined) return sight.hash(c);
      return isValue(sight.values[c]) ? stepOf(sight.values[c], 1) : Number.NaN;
    },
    write: (point, from, out, at) => categoryBits(point, from, out, at, salt),
    others: (point, before) => (Number.isNaN(before) ? [point] : [point, before]),
    say: (point, sight) => (sight.words?.[c] === undefined ? String(point) : 'another word'),
  };
}

/** Rows and columns of the grid are packed into one number below 2^53. */
const pack = 67_108_864;

function placeField(latitude: number, longitude: number, cellDegrees: number, salt: number, at: string): Field {
  if (!(cellDegrees >= 1e-4 && cellDegrees <= 10)) {
    throw new RangeError(`${at}.cellDegrees: expected a number from 0.0001 to 10, got ${cellDegrees}`);
  }
  const cellAt = (point: number): Cell => {
    const y = Math.floor(point / pack) - pack / 2;
    const { around } = cellOf((y + 0.5) * cellDegrees, 0, cellDegrees);
    return { x: modulo(point, pack), y, around };
  };
  return {
    name: 'place',
    size: placeSize,
    width: placeWidth,
    point({ values }) {
      if (!isValue(values[latitude]) || !isValue(values[longitude])) return Number.NaN;
      const { x, y } = cellOf(values[latitude], values[longitude], cellDegrees);
      return (y + pack / 2) * pack + x;
    },
    write: (point, from, out, at) => placeBits(cellAt(point), from, out, at, salt),
    *others(point, before) {
      for (const middle of Number.isNaN(before) ? [point] : [point, before]) {
        for (let dy = -cellReach; dy <= cellReach; dy++) {
          for (let dx = -cellReach; dx <= cellReach; dx++) yield middle + dy * pack + dx;
        }
      }
    },
    say(point) {
      const { x, y, around } = cellAt(point);
      return `${shortNumber((y + 0.5) * cellDegrees)}, ${shortNumber(((x + 0.5) / around) * 360 - 180)}`;
    },
  };
}

const shortNumber = (value: number): string => String(Number(value.toPrecision(4)));
