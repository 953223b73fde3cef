import { z } from 'zod';
import { compressions } from '../connectors/kafka/compression-names.js';
import { timeFormats } from '../connectors/times.js';
import { kafkaModes } from './kafka-options.js';
import { recordFormats } from './record-formats.js';

const text = z.string().min(1);
const texts = z.array(text).min(1);
/** As `kafkaClient` takes it; said here with the field. */
const address = z.string().regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d+$/, 'expected host:port, such as 127.0.0.1:9092');
const addresses = z.array(address).min(1);
const place = z.union([z.strictObject({ env: text }), z.strictObject({ file: text })]);
const asSecret = '{"env": NAME} or {"file": PATH}';

/** What a field may say, and what is taken where it is left out. */
const optional = <T extends z.ZodType>(schema: T, about: string, preset?: string | number) =>
  schema.exactOptional().meta({ description: about, ...(preset === undefined ? {} : { preset }) });
const whole = (about: string, preset: number) => optional(z.int().min(1), about, preset);
/** Timers of Node and fields of the protocol have 31 bits. */
const millis = (about: string, preset: number) =>
  optional(
    z
      .int()
      .min(1)
      .max(2 ** 31 - 1),
    about,
    preset,
  );
const secret = (about: string) => place.meta({ description: `${about}: ${asSecret}`, closed: true });

const kafka = z.strictObject({
  brokers: addresses.meta({ description: 'host:port of one or more; the others are found through them' }),
  clientId: optional(text, "shown in the brokers' logs and quotas", 'engram'),
  tls: optional(
    z.union([
      z.boolean(),
      z.strictObject({
        ca: optional(text, 'PEM file of the authorities'),
        cert: optional(text, 'PEM file of the certificate shown to brokers'),
        key: optional(text, 'PEM file of its key'),
        passphrase: secret('of that key').exactOptional(),
        servername: optional(text, 'name that certificates of brokers must have'),
      }),
    ]),
    "true takes the system's authorities",
  ),
  login: z
    .discriminatedUnion('mechanism', [
      z.strictObject({
        mechanism: z
          .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
          .meta({ description: 'or oauthbearer, which has a token instead of username and password' }),
        username: text.meta({ description: 'who logs in' }),
        password: secret('its password'),
      }),
      z.strictObject({
        mechanism: z.literal('oauthbearer'),
        token: secret('of oauthbearer, read again for every connection'),
      }),
    ])
    .exactOptional(),
  connectTimeoutMs: millis('a broker that has not taken the connection by then is away', 5000),
  requestTimeoutMs: millis('an answer that has not come by then is asked for again', 30_000),
});

const decode = z.strictObject({
  format: optional(z.enum(recordFormats), 'how values of records are written', 'json'),
  values: optional(texts, 'fields that are numbers and are learned; these or categories must be there'),
  categories: optional(texts, 'fields that are words and are learned'),
  time: optional(text, "field of the event time; the record's own without it"),
  timeFormat: optional(z.enum(timeFormats.filter((name) => name !== 'auto')), 'how that field is written', 'iso'),
  zone: optional(text, 'offset of times that have none, such as +02:00', 'Z'),
  key: optional(text, "field of the key; the record's own without it"),
  columns: optional(texts, 'of csv: names of the fields of a line, in order'),
  delimiter: optional(text, 'of csv: the character between fields', ','),
  schema: optional(z.unknown(), 'of avro without a registry: the schema'),
  proto: optional(text, 'of protobuf without a registry: the text of the .proto file'),
  message: optional(text, 'with proto: full name of the message'),
  registry: z
    .strictObject({
      url: text.meta({ description: 'of avro, protobuf, json-schema: where the registry answers' }),
      username: optional(text, 'who logs in there'),
      password: secret('its password').exactOptional(),
      timeoutMs: millis('an answer that has not come by then is asked for again', 10_000),
      unknownMs: millis('a number the registry does not know is asked for again after it', 30_000),
      patienceMs: millis('a registry that is away is asked for so long, then the partition starts again', 30_000),
    })
    .exactOptional(),
});

const topics = z.strictObject({
  results: optional(text.nullable(), 'topic of the forecasts; null for none', '<input>.forecasts'),
  anomalies: optional(text.nullable(), 'topic of the anomalies; null for none', '<input>.anomalies'),
  rejects: optional(text.nullable(), 'topic of the dead letters; null for none', '<input>.dlq'),
  alerts: optional(text.nullable(), 'topic of the alerts; null for none', '<input>.alerts'),
});

/** The file of `engram run`: what each field is for, and what is taken where it is left out. */
export const kafkaRunSchema = z.strictObject({
  kafka,
  input: text.meta({ description: 'topic that is read' }),
  group: text.meta({ description: 'consumer group: its processes share the partitions' }),
  decode,
  pipeline: z
    .union([text, z.looseObject({})])
    .meta({ description: 'a name, a file, or the pipeline itself', closed: true }),
  state: z.union([
    z.strictObject({ folder: text.meta({ description: 'folder of the checkpoints; this or topic' }) }),
    z.strictObject({
      topic: text.meta({ description: 'compacted topic of the checkpoints, made if it is not there' }),
      partitions: whole('of that topic when it is made', 8),
    }),
  ]),
  topics: topics.exactOptional(),
  alerts: optional(z.unknown(), 'rules, routes, sinks, silences: docs/ALERTS.md'),
  mode: optional(z.enum(kafkaModes), 'effectively-once: for readers that drop an engram-id they have', 'exactly-once'),
  oldBrokers: optional(z.enum(['refuse', 'allow']), 'exactly once with brokers before Kafka 4.0', 'refuse'),
  begin: optional(z.enum(['earliest', 'latest']), 'where a group begins that has never committed', 'earliest'),
  onTruncated: optional(z.enum(['fail', 'coldStart']), 'where state is lost and cannot be rebuilt', 'fail'),
  compression: optional(z.enum(compressions), 'of what is written', 'none'),
  commitMs: millis('a commit is due so long after its first record', 100),
  commitRows: whole('or with so many records, or rows made of them', 5000),
  checkpointMs: millis('a checkpoint is due so long after the last one', 30_000),
  checkpointRows: whole('or with so many records, or rows where a record holds several', 100_000),
  rejectShareMax: optional(
    z.number().gt(0).max(1),
    'above this share of dead letters in a thousand records it ends',
    0.5,
  ),
  sessionTimeoutMs: millis('a process that is silent for longer loses its partitions', 30_000),
  heartbeatMs: millis('how often it says that it is there', 3000),
  rebalanceTimeoutMs: millis('how long the group waits for all to join when it shares out anew', 60_000),
  transactionTimeoutMs: millis('the broker ends a transaction that takes longer', 15_000),
  fetchWaitMs: millis('a fetch without news returns after it', 100),
  waitingBytesMax: whole('a partition with more bytes fetched and waiting is not fetched for a while', 8 * 2 ** 20),
  heldBytesMax: whole('more bytes of a partition that wait for the end of a transaction are an error', 64 * 2 ** 20),
  metadataMs: millis('how soon added partitions are noticed', 30_000),
  lagMs: millis('how often the lag is measured besides at every commit', 10_000),
  partitionsMax: whole('a process that is given more partitions ends', 50),
  http: z
    .strictObject({
      port: z.int().min(0).max(65_535).meta({ description: '/healthz, /readyz and /metrics answer here; 0: any' }),
      host: optional(text, 'on this address', '0.0.0.0'),
    })
    .exactOptional(),
});

export type KafkaRunSpec = z.infer<typeof kafkaRunSchema>;

/** What a replay takes from the same file: how a topic is read, and who reads it. All else in it is checked and left. */
export const kafkaInputSchema = kafkaRunSchema.partial().extend({
  kafka: kafka.extend({ brokers: addresses.exactOptional() }).exactOptional(),
});

/** What the schema says of a field. */
interface Said {
  readonly description?: string;
  readonly preset?: string | number;
  /** What it is made of are no fields of their own. */
  readonly closed?: boolean;
}

/** A field of the file of `engram run`. */
export interface KafkaField {
  /** As in `kafka.tls.ca`. */
  readonly path: string;
  readonly about: string;
  /** The words it may be. */
  readonly words: readonly string[];
  readonly preset?: string | number;
}

/** Every field of the file, in its order; the schema is all there is to keep. */
export function kafkaFields(schema: z.ZodType = kafkaRunSchema, path = ''): KafkaField[] {
  const inner = bare(schema);
  const { description, preset, closed } = (schema.meta() ?? inner.meta() ?? {}) as Said;
  const own =
    description === undefined
      ? []
      : [{ path, about: description, words: wordsOf(inner), ...(preset === undefined ? {} : { preset }) }];
  if (closed) return own;
  const below = partsOf(inner).flatMap(([name, part]) => kafkaFields(part, [path, name].filter(Boolean).join('.')));
  const fields = [...own, ...below];
  return fields.filter((field, i) => fields.findIndex((other) => other.path === field.path) === i);
}

function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodExactOptional || schema instanceof z.ZodNullable)
    return bare(schema.unwrap() as z.ZodType);
  return schema;
}

function partsOf(schema: z.ZodType): [string, z.ZodType][] {
  if (schema instanceof z.ZodObject) return Object.entries(schema.shape) as [string, z.ZodType][];
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).flatMap(partsOf);
  return [];
}

const wordsOf = (schema: z.ZodType): string[] => (schema instanceof z.ZodEnum ? schema.options.map(String) : []);
