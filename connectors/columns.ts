import type { Event } from '../event.js';
import { resultFront, resultVerdict } from './flat.js';
import { hint } from './nearest.js';
import { numberOf, refusal, valueMax } from './number-cell.js';
import { type Fault, type Reason, shown } from './rejects.js';
import type { Visit } from './table.js';
import { formatOf, type TimeFormat, type TimeReader, timeFormats, timeReader, zoneOf } from './times.js';
import { refuseTwice, wordOf } from './word-cell.js';

/** Which columns of a table are what. */
export interface ColumnOptions {
  /** Column of the event time; if not named, the one called timestamp, datetime, time or date. */
  readonly time?: string;
  /** Columns of the channels; if not named, all that hold a number an event may have in the first dated row. */
  readonly values?: readonly string[];
  /** Columns of words (states, log templates), channels behind those of `values`, which are none if only these are named. */
  readonly categories?: readonly string[];
  /** Column of the key; without it all rows are of one series, called like the shard. */
  readonly key?: string;
  /** How times are written; `auto` decides by the first rows. */
  readonly timeFormat?: TimeFormat;
  /** Offset of times that name no zone, such as +02:00; UTC by default. */
  readonly zone?: string;
  /** Milliseconds from row to row of a table without times; row 0 is 1970-01-01. */
  readonly step?: number;
}

/** Rows looked at, at most, to choose columns and the format of times. */
export const sampleRows = 64;
export const keyCharsMax = 1024;
const keysKept = 1 << 16;
const timeNames = ['timestamp', 'datetime', 'time', 'date', 'timems'];

/** Looks at the head of a table and settles what its columns are. */
export class Chooser implements Visit {
  #names: readonly string[] = [];
  #time = -1;
  #sampled = 0;
  #format: Exclude<TimeFormat, 'auto'> | undefined;
  #ambiguous: string | undefined;
  #undated: unknown;
  /** The first row that may decide what is numeric. */
  #model: readonly unknown[] | undefined;
  /** The columns are known. */
  begun = false;
  /** The first row that has all its cells. */
  first: readonly unknown[] | undefined;

  constructor(
    readonly table: string,
    readonly shard: string,
    readonly options: ColumnOptions,
  ) {
    const { timeFormat = 'auto', step, time } = options;
    if (!timeFormats.includes(timeFormat)) {
      throw new Error(`timeFormat: expected ${timeFormats.join(', ')}, got ${shown(timeFormat)}`);
    }
    if (step !== undefined && !(Number.isFinite(step) && step > 0)) {
      throw new Error(`step: expected milliseconds above 0, got ${shown(step)}`);
    }
    if (step !== undefined && time !== undefined) {
      throw new Error('expected either a time column or a step between rows, got both: leave one out');
    }
    if (options.values && options.values.length === 0)
      throw new Error('values: expected at least one column, got none');
    this.#format = timeFormat === 'auto' ? undefined : timeFormat;
  }

  columns(names: readonly string[]): void {
    if (this.begun) return;
    this.begun = true;
    this.#names = names;
    if (this.options.step === undefined) this.#time = this.#timeColumn();
  }

  row(cells: readonly unknown[]): boolean {
    this.first ??= cells.slice();
    const enough = this.#judge(cells);
    return ++this.#sampled >= sampleRows || enough;
  }

  settle(): Columns {
    const { options } = this;
    const zoneMs = options.zone === undefined ? 0 : zoneOf(options.zone);
    if (zoneMs === undefined) {
      const why = 'zones whose offset changes in the year are not followed';
      throw new Error(`zone (--zone): expected an offset such as +02:00 or Z, got ${shown(options.zone)}: ${why}`);
    }
    if (this.#time >= 0 && this.#format === undefined && this.#sampled > 0) {
      const column = this.#names[this.#time];
      throw new Error(
        this.#ambiguous === undefined
          ? `${this.table}: expected times in column "${column}" (ISO 8601, epoch seconds or milliseconds, or ` +
              `day/month/year), came ${shown(this.#undated)}: name the right column (--time)`
          : `${this.table}: ${shown(this.#ambiguous)} in column "${column}" can be day/month or month/day: ` +
              'name the order of day and month (timeFormat, --time-format): dmy or mdy',
      );
    }
    const ours = this.#flat() !== undefined || (this.#events() && this.#names.includes('key'));
    const named = options.key ?? (ours ? 'key' : undefined);
    const key = named === undefined ? -1 : this.#find(named, 'key');
    const { values, categories = [], step } = options;
    refuseTwice([...(values ?? []), ...categories]);
    const words = categories.map((name) => this.#find(name, 'categories'));
    const numbers = values?.map((name) => this.#find(name, 'values')) ?? (words.length > 0 ? [] : this.#numeric(key));
    const [format, all] = [this.#format ?? 'iso', [...numbers, ...words]];
    return new Columns(this.#names, this.#time, format, zoneMs, all, key, this.shard, step, numbers.length);
  }

  /** True when nothing more needs to be seen. */
  #judge(cells: readonly unknown[]): boolean {
    if (this.#time < 0) {
      this.#model ??= cells.slice();
      return true;
    }
    const cell = cells[this.#time];
    if (this.options.timeFormat !== undefined && this.options.timeFormat !== 'auto') {
      if (Number.isNaN(timeReader(this.options.timeFormat, 0)(cell))) return false;
      this.#model ??= cells.slice();
      return true;
    }
    const format = formatOf(typeof cell === 'string' ? cell.trim() : cell);
    if (format === undefined) {
      this.#undated ??= cell;
      return false;
    }
    this.#model ??= cells.slice();
    if (format === 'either') {
      this.#ambiguous ??= cell as string;
      return false;
    }
    this.#format = format;
    return true;
  }

  #timeColumn(): number {
    if (this.options.time !== undefined) return this.#find(this.options.time, 'time');
    const names = this.#names;
    if (this.#flat()) return names.indexOf('time');
    const found = names.filter((name) => timeNames.includes(name.toLowerCase()));
    if (found.length === 1) return this.#find(found[0], 'time');
    throw new Error(
      `${this.table}: expected one column called timestamp, datetime, time or date, ` +
        `${found.length === 0 ? 'there is none' : `there are ${found.join(', ')}`}: name the time column ` +
        `(--time), or give the step between rows (--step). The columns are: ${listed(names)}`,
    );
  }

  #find(name: string, what: string): number {
    const at = this.#names.indexOf(name);
    if (at < 0) {
      throw new Error(
        `${this.table}: ${what}: there is no column "${name}"${hint(name, this.#names)}. ` +
          `The columns are: ${listed(this.#names)}`,
      );
    }
    if (this.#names.indexOf(name, at + 1) >= 0) {
      throw new Error(`${this.table}: ${what}: expected one column "${name}", there are two: rename one`);
    }
    return at;
  }

  /** The rows are events as Engram writes them: their channels are `values`, whatever else is numeric. */
  #events(): boolean {
    return this.#names.includes('timeMs') && this.#names.includes('values.0');
  }

  /** The channels, where the table is one of results as Engram writes them: what else it says is about them. */
  #flat(): number[] | undefined {
    const names = this.#names;
    const end = names.indexOf(resultVerdict[0]);
    const whole = (part: readonly string[], at: number): boolean => part.every((name, i) => names[at + i] === name);
    if (!whole(resultFront, 0) || end <= resultFront.length || !whole(resultVerdict, end)) return undefined;
    return Array.from({ length: end - resultFront.length }, (_, i) => resultFront.length + i);
  }

  /** The columns besides time and key that hold a number, or nothing, in the first dated row. */
  #numeric(key: number): number[] {
    const names = this.#names;
    const model = this.#model;
    const found =
      this.#flat() ??
      names.flatMap((name, at) => {
        if (at === this.#time || at === key || name === '') return [];
        if (this.#events() && !name.startsWith('values.')) return [];
        return model === undefined || !(Math.abs(numberOf(model[at])) > valueMax) ? [at] : [];
      });
    if (found.length === 0) {
      throw new Error(
        `${this.table}: expected at least one numeric column, found none: name them (--values). ` +
          `The columns are: ${listed(names)}`,
      );
    }
    for (const at of found) this.#find(names[at], 'values');
    return found;
  }
}

const listed = (names: readonly string[]): string =>
  names.length > 40 ? `${names.slice(0, 40).join(', ')} and ${names.length - 40} more` : names.join(', ');

/** What the columns of a table turned out to be; makes events of its rows. */
export class Columns {
  readonly channels: readonly string[];
  /** Those of them that are of words. */
  readonly categories: readonly string[];
  /** The columns that are looked at. */
  readonly needed: readonly string[];
  /** Why `decode` gave no event. */
  fault: Fault = { reason: 'not-a-time', message: '' };
  readonly #read: TimeReader;
  /** Keys as strings of their own: a slice would keep the whole text it is of in memory. */
  readonly #keys = new Map<string, string>();

  constructor(
    readonly names: readonly string[],
    readonly time: number,
    readonly timeFormat: Exclude<TimeFormat, 'auto'>,
    readonly zoneMs: number,
    readonly values: readonly number[],
    readonly key: number,
    readonly shard: string,
    readonly step: number | undefined,
    /** Channels from this one on are of words. */
    readonly firstWord = values.length,
  ) {
    this.channels = values.map((at) => names[at]);
    this.categories = this.channels.slice(firstWord);
    this.needed = [...new Set([time, key, ...values])].filter((at) => at >= 0).map((at) => names[at]);
    this.#read = timeReader(timeFormat, zoneMs);
  }

  /** The event of a row, or undefined with the reason in `fault`. */
  decode(cells: readonly unknown[], offset: number): Event | undefined {
    const timeMs = this.time < 0 ? offset * (this.step as number) : this.#timeOf(cells[this.time]);
    if (Number.isNaN(timeMs)) {
      const came = shown(cells[this.time]);
      return this.#refuse(
        'not-a-time',
        `expected a time (${this.timeFormat}) in "${this.names[this.time]}", came ${came}`,
      );
    }
    const values: number[] = [];
    let absent = 0;
    for (let c = 0; c < this.firstWord; c++) {
      const at = this.values[c];
      const cell = cells[at];
      const value = numberOf(cell);
      if (value === refusal) {
        return this.#refuse('not-a-number', `expected a number in "${this.names[at]}", came ${shown(cell)}`);
      }
      if (Math.abs(value) > valueMax) {
        const came = shown(cell);
        return this.#refuse(
          'too-large',
          `expected a number of at most 1e18 in size in "${this.names[at]}", got ${came}: leave the field empty if it stands for no value`,
        );
      }
      if (cell === undefined) absent++;
      values.push(value);
    }
    const words = this.categories.length > 0 ? this.values.map((at, c) => this.#wordOf(c, cells[at])) : undefined;
    if (absent === values.length && !words?.some((word) => word !== undefined)) {
      return this.#refuse('missing-column', `expected ${listed(this.channels)}, none of them is there`);
    }
    const key = this.key < 0 ? this.shard : this.#keyOf(cells[this.key]);
    if (key === undefined) return undefined;
    return words
      ? { key, timeMs, values: words.map((_, c) => values[c] ?? Number.NaN), words, offset }
      : { key, timeMs, values, offset };
  }

  #wordOf = (channel: number, cell: unknown) => (channel < this.firstWord ? undefined : wordOf(cell));

  #timeOf(cell: unknown): number {
    const timeMs = this.#read(cell);
    return Number.isNaN(timeMs) && typeof cell === 'string' ? this.#read(cell.trim()) : timeMs;
  }

  #keyOf(cell: unknown): string | undefined {
    const key = typeof cell === 'string' ? cell : cell === null || cell === undefined ? '' : String(cell);
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const column = this.names[this.key];
    if (key === '') return this.#refuse('missing-key', `expected a key in "${column}", the field is empty`);
    if (key.length > keyCharsMax) {
      return this.#refuse('long-key', `expected at most ${keyCharsMax} characters in "${column}", came ${key.length}`);
    }
    const own = Buffer.from(key, 'utf16le').toString('utf16le');
    if (this.#keys.size >= keysKept) this.#keys.clear();
    this.#keys.set(own, own);
    return own;
  }

  #refuse(reason: Reason, message: string): undefined {
    this.fault = { reason, message };
    return undefined;
  }
}
