import { type Event, type Mark, recordRowsMax } from '../../event.js';
import { Columns } from '../columns.js';
import { parseJson } from '../json-text.js';
import { markOf } from '../marks.js';
import { type TimeFormat, zoneOf } from '../times.js';
import { refuseTwice } from '../word-cell.js';
import type { KafkaRecord } from './record.js';

/** Why a record is no event: a stable word, and what was expected, what came, what to do. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Reads the fields of a payload; `paths` are the fields that will be looked at. */
export interface PayloadCodec {
  readonly name: string;
  /** What it was built with, as plain JSON: part of what a checkpoint must agree with. */
  readonly settings?: unknown;
  /** Undefined where a field is missing. */
  fields(value: Buffer, paths: readonly string[], record: KafkaRecord): readonly unknown[] | Refusal;
  /**
   * Instead of `fields` where a record holds several rows: the fields of each, at least one and at most `recordRowsMax`.
   * A record is used whole or not at all.
   */
  rows?(value: Buffer, paths: readonly string[], record: KafkaRecord): readonly (readonly unknown[])[] | Refusal;
  /** Called before records are decoded that may need something from elsewhere, such as a schema. */
  prepare?(records: readonly KafkaRecord[]): Promise<void>;
}

/** A record that is no row: it says that a key is to be forgotten, or what an operator says of it. */
export type Control = { readonly forget: string } | { readonly mark: Mark };

/** Where in a record the parts of an event are. */
export interface Mapping {
  /** Fields of the channels that are numbers, in order. */
  readonly values: readonly string[];
  /** Fields of words (states, log templates): channels behind those of numbers. */
  readonly categories?: readonly string[];
  /** Field of the event time; the record's own timestamp without it. */
  readonly time?: string;
  /** How that field is written. */
  readonly timeFormat?: Exclude<TimeFormat, 'auto'>;
  readonly zone?: string;
  /** Field of the key; the record's own key without it. */
  readonly key?: string;
}

const keyCell = '(record key)';
const timeCell = '(record time)';

/** Makes events of records. */
export class RecordDecoder {
  readonly channels: readonly string[];
  /** Channels of words. */
  readonly categories: readonly string[];
  readonly settings: unknown;
  readonly #columns: Columns;
  readonly #paths: readonly string[];

  constructor(
    readonly codec: PayloadCodec,
    mapping: Mapping,
    shard: string,
  ) {
    const { values: numbers, categories = [], time, key, timeFormat = 'iso', zone } = mapping;
    const values = [...numbers, ...categories];
    if (values.length === 0) throw new RangeError('values: expected at least one field of the payload, got none');
    refuseTwice(values);
    this.categories = categories;
    const zoneMs = zone === undefined ? 0 : zoneOf(zone);
    if (zoneMs === undefined) throw new RangeError(`zone: expected an offset such as +02:00 or Z, got ${zone}`);
    this.channels = values;
    this.settings = { codec: codec.name, ...(codec.settings ? { with: codec.settings } : {}), ...mapping };
    this.#paths = [...values, ...(time === undefined ? [] : [time]), ...(key === undefined ? [] : [key])];
    this.#columns = new Columns(
      [...values, time ?? timeCell, key ?? keyCell],
      values.length,
      time === undefined ? 'epoch-ms' : timeFormat,
      zoneMs,
      values.map((_, at) => at),
      values.length + 1,
      shard,
      undefined,
      numbers.length,
    );
    this.#own = { time: time === undefined, key: key === undefined };
  }

  readonly #own: { readonly time: boolean; readonly key: boolean };

  /** Adds the events of a record to `rows`, or says why there are none: a mark, a key to be forgotten, or a refusal. */
  decodeInto(rows: Event[], record: KafkaRecord): Refusal | Control | undefined {
    if (!this.codec.rows || record.value === null || isMark(record)) {
      const decoded = this.decode(record);
      if ('forget' in decoded || 'mark' in decoded || 'reason' in decoded) return decoded;
      rows.push(decoded);
      return undefined;
    }
    const found = this.codec.rows(record.value, this.#paths, record);
    if (!Array.isArray(found)) return found as Refusal;
    const made: Event[] = [];
    for (let row = 0; row < found.length; row++) {
      const event = this.#eventOf(found[row], record, record.offset + row / recordRowsMax);
      if (!('reason' in event)) made.push(event);
      else return { reason: event.reason, message: `row ${row} of ${found.length}: ${event.message}` };
    }
    for (const event of made) rows.push(event);
    return undefined;
  }

  /** The event of a record of one row, the mark that it is, the key to be forgotten where the value is null, or why it is none. */
  decode(record: KafkaRecord): Event | Refusal | Control {
    if (isMark(record)) return markOfRecord(record);
    if (record.value === null) {
      if (record.key) return { forget: textOf(record.key) };
      return { reason: 'empty', message: 'expected a value, or a key whose memory shall be deleted; both are null' };
    }
    const fields = this.codec.fields(record.value, this.#paths, record);
    return Array.isArray(fields) ? this.#eventOf(fields, record, record.offset) : (fields as Refusal);
  }

  #eventOf(fields: readonly unknown[], record: KafkaRecord, offset: number): Event | Refusal {
    const cells = fields.slice(0, this.channels.length);
    let at = cells.length;
    cells.push(this.#own.time ? record.timestampMs : fields[at++]);
    cells.push(this.#own.key ? textOf(record.key) : fields[at]);
    return this.#columns.decode(cells, offset) ?? this.#columns.fault;
  }
}

/** A record by which an operator says something of a stretch of its key, instead of a row. */
export const isMark = ({ headers }: Pick<KafkaRecord, 'headers'>): boolean => headers[markHeader] !== undefined;

/** The header of a mark: `expected` or `real`; its value is `{"startMs", "endMs", "of"}`. */
export const markHeader = 'engram-mark';

function markOfRecord({ key, value, headers, offset }: KafkaRecord): Refusal | { readonly mark: Mark } {
  try {
    const told = parseJson(value?.toString('utf8') ?? 'null') as object;
    const mark = { ...told, key: textOf(key), verdict: String(headers[markHeader]), offset };
    return { mark: markOf(mark, 'mark') };
  } catch (error) {
    const { message } = error as Error;
    return { reason: 'bad-mark', message: message.startsWith('mark: ') ? message : `mark: expected JSON: ${message}` };
  }
}

/** A key as text; one that is not UTF-8 as hexadecimal digits, so that different keys stay different. */
function textOf(key: Buffer | null): string {
  if (key === null) return '';
  const text = key.toString('utf8');
  return text.includes('\ufffd') ? `0x${key.toString('hex')}` : text;
}
