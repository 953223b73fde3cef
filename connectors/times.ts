/** How times are written in a column; `auto` looks at the first rows and refuses what could be read in two ways. */
export const timeFormats = ['auto', 'iso', 'epoch-s', 'epoch-ms', 'dmy', 'mdy'] as const;
export type TimeFormat = (typeof timeFormats)[number];

/** Reads one cell as milliseconds since 1970 UTC; NaN where it is no time. */
export type TimeReader = (cell: unknown) => number;

/** Numbers from here on are milliseconds, below seconds: as seconds it is the year 5138, as milliseconds 1973. */
const secondsMax = 1e11;
/** From here on a number is neither: microseconds or finer. */
const millisecondsMax = 1e14;

const iso =
  /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const slashed =
  /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d\d)(?:[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([AP]M))?)?$/i;
const decimal = /^-?\d+(?:\.\d+)?$/;
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The reader of a format; times without a zone of their own are `zoneMs` ahead of UTC. */
export function timeReader(format: Exclude<TimeFormat, 'auto'>, zoneMs: number): TimeReader {
  switch (format) {
    case 'iso':
      return (cell) => (typeof cell === 'string' ? readIso(cell, zoneMs) : bounded(moment(cell)));
    case 'epoch-s':
      return (cell) => (cell instanceof Date ? cell.getTime() : bounded(Math.round(plain(cell) * 1000)));
    case 'epoch-ms':
      return (cell) => (cell instanceof Date ? cell.getTime() : bounded(Math.floor(plain(cell))));
    case 'dmy':
      return (cell) => (typeof cell === 'string' ? readSlashed(cell, 2, 1, zoneMs) : Number.NaN);
    case 'mdy':
      return (cell) => (typeof cell === 'string' ? readSlashed(cell, 1, 2, zoneMs) : Number.NaN);
  }
}

/** `+02:00`, `-0530` or `Z` as milliseconds; undefined where it is none of these, or further off than any place. */
export function zoneOf(text: string): number | undefined {
  if (/^(Z|UTC)$/i.test(text)) return 0;
  const parts = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(text);
  if (!parts) return undefined;
  const [hours, rest] = [Number(parts[2]), Number(parts[3] ?? 0)];
  // No place was ever further off than this.
  if (hours > 15 || rest > 59) return undefined;
  const minutes = hours * 60 + rest;
  return (parts[1] === '-' ? -minutes : minutes) * 60_000;
}

/** What a cell says about its column's format: `either` when day and month could be exchanged. */
export function formatOf(cell: unknown): Exclude<TimeFormat, 'auto'> | 'either' | undefined {
  if (cell instanceof Date) return 'epoch-ms';
  if (typeof cell === 'number' || typeof cell === 'bigint') return magnitude(Number(cell));
  if (typeof cell !== 'string') return undefined;
  if (decimal.test(cell)) return magnitude(Number(cell));
  if (!Number.isNaN(readIso(cell, 0))) return 'iso';
  const dayFirst = !Number.isNaN(readSlashed(cell, 2, 1, 0));
  const monthFirst = !Number.isNaN(readSlashed(cell, 1, 2, 0));
  if (dayFirst && monthFirst) return 'either';
  return dayFirst ? 'dmy' : monthFirst ? 'mdy' : undefined;
}

function magnitude(value: number): 'epoch-s' | 'epoch-ms' | undefined {
  const size = Math.abs(value);
  return size < secondsMax ? 'epoch-s' : size < millisecondsMax ? 'epoch-ms' : undefined;
}

/** Dates as typed columns hold them, next to text. */
const moment = (cell: unknown): number => (cell instanceof Date ? cell.getTime() : Number.NaN);

function plain(cell: unknown): number {
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'bigint') return Number(cell);
  return typeof cell === 'string' && decimal.test(cell) ? Number(cell) : Number.NaN;
}

/** No time outside what a date can say: 271,821 years around 1970. */
const bounded = (timeMs: number): number => (Math.abs(timeMs) <= 8.64e15 ? timeMs : Number.NaN);

function readIso(text: string, zoneMs: number): number {
  // Nearly all rows of nearly all files look like this; the expression costs ten times as much.
  if (text.length === 19 && text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45) {
    const gap = text.charCodeAt(10);
    if ((gap === 32 || gap === 84) && text.charCodeAt(13) === 58 && text.charCodeAt(16) === 58) {
      const year = two(text, 0) * 100 + two(text, 2);
      const time = stamp(year, two(text, 5), two(text, 8), two(text, 11), two(text, 14), two(text, 17));
      return time - zoneMs;
    }
  }
  const parts = iso.exec(text);
  if (!parts) return Number.NaN;
  const [, year, , month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = parts;
  const time = stamp(+year, +month, +day, +hour, +minute, +second);
  return time + milliseconds(fraction) - (zone === undefined ? zoneMs : (zoneOf(zone.toUpperCase()) ?? Number.NaN));
}

function readSlashed(text: string, month: 1 | 2, day: 1 | 2, zoneMs: number): number {
  const parts = slashed.exec(text);
  if (!parts) return Number.NaN;
  const [, , , year, hour = '0', minute = '0', second = '0', fraction = '', half] = parts;
  // Two digits as POSIX reads them: 69 to 99 are 1969 to 1999.
  const full = year.length === 4 ? +year : +year + (+year < 69 ? 2000 : 1900);
  let hours = +hour;
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return Number.NaN;
    hours = (hours % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
  }
  return stamp(full, +parts[month], +parts[day], hours, +minute, +second) + milliseconds(fraction) - zoneMs;
}

const milliseconds = (fraction: string): number => (fraction === '' ? 0 : +fraction.slice(0, 3).padEnd(3, '0'));

/** Two digits as a number; NaN where they are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Milliseconds of a moment in UTC; NaN where the calendar has no such day or the clock no such time. */
function stamp(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= monthDays[month - 1])) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) return Number.NaN;
  // Days since 1970-01-01 in a calendar whose years begin in March, so that the leap day is the last.
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const days = y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}
