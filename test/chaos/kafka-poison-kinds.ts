import { gzipSync } from 'node:zlib';
import { Float64, Table, TimestampMillisecond, tableToIPC, vectorFromArray } from 'apache-arrow';
import avsc from 'avsc';
import protobuf from 'protobufjs';
import { framed } from '../kafka/registry-server.js';

/** A record as it is written. */
export interface Sent {
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Record<string, Buffer | string | (Buffer | string)[]>;
}

/** What a poison is made for: a series, the value that would be good, and the times of the series. */
export interface Place {
  readonly key: string;
  readonly n: number;
  readonly value: number;
  /** The time that comes next, and that of the last good record of the series. */
  readonly timeMs: number;
  readonly lastMs: number;
}

export interface Kind {
  readonly kind: string;
  /** The stable word its dead letter must carry, and the step that says it. */
  readonly reason: string;
  readonly stage: 'decode' | 'reorder';
  make(place: Place): Sent;
}

/** A topic whose records are written in one way, with the kinds of poison this way can meet. */
export interface Suite {
  readonly name: string;
  readonly decode: Readonly<Record<string, unknown>>;
  good(place: Place): Sent;
  readonly kinds: readonly Kind[];
}

export const start = Date.UTC(2024, 0, 1);
const avroSchema = {
  ...{ type: 'record', name: 'Reading' },
  fields: [
    { name: 'v', type: 'double' },
    { name: 'at', type: 'long' },
  ],
} as const;
const reading = avsc.Type.forSchema(avroSchema as unknown as avsc.Schema);
const proto = 'syntax = "proto3"; message Reading { double v = 1; int64 at = 2; }';
const message = protobuf.parse(proto, { keepCase: true }).root.lookupType('Reading');

/** What the registry of the test knows. */
export const schemas = {
  1: { schema: JSON.stringify(avroSchema) },
  2: { schema: proto, schemaType: 'PROTOBUF' },
};

const json = (fields: object): Buffer => Buffer.from(JSON.stringify(fields));
const text = (written: string): Buffer => Buffer.from(written);
const decode = (reason: string) => ({ reason, stage: 'decode' }) as const;
const late = (reason: string) => ({ reason, stage: 'reorder' }) as const;
const time = { time: 'at', timeFormat: 'epoch-ms' };

/** A kind whose value alone is bad. */
const value = (kind: string, reason: string, make: (place: Place) => Buffer): Kind => ({
  ...{ kind, ...decode(reason) },
  make: (place) => ({ key: place.key, value: make(place) }),
});

const jsonSuite: Suite = {
  name: 'json',
  decode: { values: ['v'], ...time },
  good: ({ key, value: v, timeMs: at }) => ({ key, value: json({ v, at }) }),
  kinds: [
    value('bytes that are no text', 'not-json', ({ n }) => Buffer.from([0xff, 0xfe, n & 0xff, 0x00, 0x80])),
    value('JSON cut off', 'not-json', ({ value: v }) => text(`{"v":${v},"at`)),
    value('a list', 'not-json', ({ value: v }) => text(`[${v}]`)),
    value('the word null', 'not-json', () => text('null')),
    value('a bare number', 'not-json', () => text('42')),
    value('no bytes', 'not-json', () => Buffer.alloc(0)),
    value('compressed', 'not-json', ({ value: v, timeMs: at }) => gzipSync(json({ v, at }))),
    value('no field of the mapping', 'missing-column', ({ timeMs: at }) => json({ speed: 3, at })),
    value('a word', 'not-a-number', ({ timeMs: at }) => json({ v: 'high', at })),
    value('infinity in words', 'not-a-number', ({ timeMs: at }) => json({ v: 'Infinity', at })),
    value('overflow', 'not-a-number', ({ timeMs: at }) => text(`{"v":1e999,"at":${at}}`)),
    value('an object', 'not-a-number', ({ timeMs: at }) => json({ v: { x: 1 }, at })),
    value('a list as value', 'not-a-number', ({ timeMs: at }) => json({ v: [1, 2], at })),
    value('hexadecimal', 'not-a-number', ({ timeMs: at }) => json({ v: '0x1F', at })),
    value('beyond 1e18', 'too-large', ({ timeMs: at }) => json({ v: -1e300, at })),
    value('no time', 'not-a-time', ({ value: v }) => json({ v })),
    value('a time that is NaN', 'not-a-time', ({ value: v }) => json({ v, at: 'NaN' })),
    value('a time of the wrong type', 'not-a-time', ({ value: v }) => json({ v, at: { ms: 1 } })),
    value('a time no calendar has', 'not-a-time', ({ value: v }) => json({ v, at: 9e15 })),
    {
      ...{ kind: 'the far future', ...late('far') },
      make: ({ key, value: v }) => ({ key, value: json({ v, at: Date.UTC(2100, 0, 1) }) }),
    },
    {
      ...{ kind: 'a negative time', ...late('far') },
      make: ({ key, value: v }) => ({ key, value: json({ v, at: -1e12 }) }),
    },
    {
      ...{ kind: 'late', ...late('late') },
      make: ({ key, value: v, lastMs }) => ({ key, value: json({ v, at: lastMs - 3_600_000 }) }),
    },
    {
      ...{ kind: 'a time twice', ...late('duplicate') },
      make: ({ key, value: v, lastMs: at }) => ({ key, value: json({ v: v + 1, at }) }),
    },
    {
      ...{ kind: 'no key', ...decode('missing-key') },
      make: ({ value: v, timeMs: at }) => ({ key: null, value: json({ v, at }) }),
    },
    {
      ...{ kind: 'an empty key', ...decode('missing-key') },
      make: ({ value: v, timeMs: at }) => ({ key: '', value: json({ v, at }) }),
    },
    {
      ...{ kind: 'a key too long', ...decode('long-key') },
      make: ({ key, value: v, timeMs: at }) => ({ key: key.padEnd(1025, 'x'), value: json({ v, at }) }),
    },
    { ...{ kind: 'neither key nor value', ...decode('empty') }, make: () => ({ key: null, value: null }) },
    value('200 kB', 'not-a-number', ({ timeMs: at }) => json({ v: 'x'.repeat(200_000), at })),
    {
      ...{ kind: 'headers that are no text, and twice', ...decode('not-json') },
      make: ({ key, n }) => ({
        ...{ key, value: text('{') },
        headers: { '': '', bytes: Buffer.from([0, 255, n & 0xff]), twice: ['one', Buffer.from([0xc3, 0x28])] },
      }),
    },
  ],
};

const avroSuite: Suite = {
  name: 'avro',
  decode: { format: 'avro', values: ['v'], ...time },
  good: ({ key, value: v, timeMs: at }) => ({ key, value: framed(1, reading.toBuffer({ v, at })) }),
  kinds: [
    value('the wrong magic byte', 'not-avro', ({ value: v, timeMs: at }) => {
      const bytes = framed(1, reading.toBuffer({ v, at }));
      bytes[0] = 1;
      return bytes;
    }),
    value('a schema nobody knows', 'unknown-schema', ({ value: v, timeMs: at }) =>
      framed(4711, reading.toBuffer({ v, at })),
    ),
    value('Avro cut off', 'not-avro', ({ value: v, timeMs: at }) =>
      framed(1, reading.toBuffer({ v, at }).subarray(0, 6)),
    ),
    value('bytes behind Avro', 'not-avro', ({ value: v, timeMs: at }) =>
      framed(1, Buffer.concat([reading.toBuffer({ v, at }), Buffer.from([1, 2])])),
    ),
  ],
};

const protobufSuite: Suite = {
  name: 'protobuf',
  decode: { format: 'protobuf', values: ['v'], ...time },
  good: ({ key, value: v, timeMs: at }) => ({ key, value: framed(2, message.encode({ v, at }).finish(), [0]) }),
  kinds: [
    value('Protobuf cut off', 'not-protobuf', ({ value: v, timeMs: at }) =>
      framed(2, message.encode({ v, at }).finish().subarray(0, 5), [0]),
    ),
    value('a message the schema has not', 'unknown-schema', ({ value: v, timeMs: at }) =>
      framed(2, message.encode({ v, at }).finish(), [2, 20]),
    ),
  ],
};

const ce = { ce_id: '1', ce_source: '/pump', ce_specversion: '1.0', ce_type: 'reading' };
const cloudSuite: Suite = {
  name: 'cloudevents',
  decode: { format: 'cloudevents', values: ['v'], key: 'id', ...time },
  good: ({ key, value: v, timeMs: at }) => ({ key, value: json({ v, at, id: key }), headers: ce }),
  kinds: [
    {
      ...{ kind: 'headers without a type', ...decode('not-a-cloudevent') },
      make({ key, value: v, timeMs: at }) {
        const { ce_type: _, ...headers } = ce;
        return { key, value: json({ v, at, id: key }), headers };
      },
    },
    {
      ...{ kind: 'a key with half a character', ...late('bad-key') },
      make: ({ key, value: v, timeMs: at }) => ({
        ...{ key, headers: ce },
        value: text(`{"v":${v},"at":${at},"id":"pump \\ud800"}`),
      }),
    },
  ],
};

const csvSuite: Suite = {
  name: 'csv',
  decode: { format: 'csv', columns: ['at', 'v'], values: ['v'], ...time },
  good: ({ key, value: v, timeMs: at }) => ({ key, value: text(`${at},${v}`) }),
  kinds: [value('too few fields', 'missing-column', ({ timeMs: at }) => text(`${at}`))],
};

const arrow = (values: readonly (number | null)[], timeMs: number): Buffer =>
  Buffer.from(
    tableToIPC(
      new Table({
        at: vectorFromArray(
          values.map((_, i) => timeMs + i),
          new TimestampMillisecond(),
        ),
        v: vectorFromArray(values, new Float64()),
      }),
      'stream',
    ),
  );
const arrowSuite: Suite = {
  name: 'arrow',
  decode: { format: 'arrow', values: ['v'], ...time },
  good: ({ key, value: v, timeMs }) => ({ key, value: arrow([v, v + 1], timeMs) }),
  kinds: [
    value('Arrow cut off', 'not-arrow', ({ value: v, timeMs }) => arrow([v], timeMs).subarray(0, 300)),
    value('one bad row of two', 'too-large', ({ value: v, timeMs }) => arrow([v, 1e300], timeMs)),
  ],
};

/** Ways to write records, with 40 kinds of poison in all. */
export const suites: readonly Suite[] = [jsonSuite, avroSuite, protobufSuite, cloudSuite, csvSuite, arrowSuite];
