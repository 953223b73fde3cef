import type { z } from 'zod';
import { arrowRecordCodec } from '../connectors/codecs/arrow-record.js';
import { avroCodec } from '../connectors/codecs/avro.js';
import { cloudEventsCodec } from '../connectors/codecs/cloud-events.js';
import { csvLineCodec } from '../connectors/codecs/csv-line.js';
import { jsonCodec } from '../connectors/codecs/json.js';
import { jsonSchemaCodec } from '../connectors/codecs/json-schema.js';
import { protobufCodec } from '../connectors/codecs/protobuf.js';
import type { KafkaLogin, KafkaOptions } from '../connectors/kafka/client.js';
import type { Compression } from '../connectors/kafka/compression-names.js';
import type { Mapping, PayloadCodec } from '../connectors/kafka/decode.js';
import { SchemaRegistry } from '../connectors/kafka/registry.js';
import { readSecret } from '../connectors/kafka/secret.js';
import type { Result } from '../event.js';
import { parseAlerts } from './alert-spec.js';
import { type KafkaRunSpec, kafkaInputSchema, kafkaRunSchema } from './kafka-fields.js';
import { outputTopics } from './kafka-output.js';
import type { KafkaRunOptions } from './kafka-run.js';
import { loadPipeline } from './load.js';
import type { Pipeline } from './pipeline.js';
import { parseSpec, pipelineOf } from './spec.js';
import { explain, type Issue, SpecError } from './spec-error.js';
import { withWeights } from './weights.js';

/** What is wrong. What stands where a login belongs may be a secret: the place is told, the value is not. */
function told(error: z.ZodError, value: unknown): string {
  const sentence = explain(error.issues as unknown as readonly Issue[], value, '', kafkaRunSchema);
  const hidden = /^(kafka\.(login|tls)|decode\.registry)(?!\.mechanism|\.[a-z]+: expected one of)/.test(sentence);
  return hidden
    ? sentence.replace(/, got [\s\S]*$/, ', got something else (which may be a secret and is not shown)')
    : sentence.replace(/^(kafka\.brokers.*got ")[^"]*@/, '$1***@');
}

/** How a replay reads a topic. */
export interface KafkaInput {
  readonly kafka: Omit<KafkaOptions, 'brokers'>;
  readonly codec: PayloadCodec;
  readonly mapping: Mapping;
  /** A name, a file, or the pipeline itself. */
  readonly pipeline?: string | Pipeline<Result>;
  readonly group?: string;
  readonly compression?: Compression;
  /** Topics that `engram run` writes by the same file. */
  readonly live: readonly string[];
}

/** Reads the part of a run's description that says how records are read; what it lacks, such as brokers, is told elsewhere. */
export async function parseKafkaInput(value: unknown, from: string): Promise<KafkaInput> {
  const found = kafkaInputSchema.safeParse(value);
  if (!found.success) {
    throw new SpecError(`${from}: ${told(found.error, value)}`);
  }
  const { kafka = {}, decode, pipeline, group, compression, input, topics } = found.data;
  if (!decode) throw new SpecError(`${from}: decode.values: expected the fields to learn, it is missing`);
  const { login, brokers: _, ...cluster } = kafka;
  const given = (value as { pipeline?: unknown }).pipeline;
  return {
    kafka: { ...cluster, ...(login ? { login: loginOf(login) } : {}) },
    codec: codecOf(decode, from),
    mapping: mappingOf(decode, from),
    ...(given === undefined
      ? {}
      : {
          pipeline: isPipeline(given)
            ? given
            : typeof pipeline === 'string'
              ? pipeline
              : pipelineOf(parseSpec(await withWeights(pipeline), `${from}: pipeline`)),
        }),
    ...(group === undefined ? {} : { group }),
    ...(compression === undefined ? {} : { compression }),
    live: input === undefined ? [] : Object.values({ ...outputTopics(input), ...topics }).filter((one) => one !== null),
  };
}

/** A run on Kafka as plain JSON: what it reads, how, with which pipeline, and where memories and results go. */
export async function parseKafkaRun(value: unknown, from = 'run'): Promise<KafkaRunOptions> {
  const found = kafkaRunSchema.safeParse(value);
  if (!found.success) {
    throw new SpecError(`${from}: ${told(found.error, value)}`);
  }
  const { group, decode, pipeline, kafka, alerts, ...rest } = found.data;
  const { sessionTimeoutMs = 30_000, heartbeatMs = 3000 } = rest;
  if (heartbeatMs >= sessionTimeoutMs) {
    throw new SpecError(
      `${from}: heartbeatMs: expected less than sessionTimeoutMs (${sessionTimeoutMs}), got ${heartbeatMs}`,
    );
  }
  // A module may give a pipeline made by code, which is no JSON.
  const given = (value as { pipeline?: unknown }).pipeline;
  const { login, ...cluster } = kafka;
  return {
    ...rest,
    kafka: { ...cluster, ...(login ? { login: loginOf(login) } : {}) },
    ...(alerts === undefined ? {} : { alerts: parseAlerts(alerts, `${from}: alerts`) }),
    groupId: group,
    codec: codecOf(decode, from),
    mapping: mappingOf(decode, from),
    pipeline: isPipeline(given)
      ? given
      : typeof pipeline === 'string'
        ? await loadPipeline(pipeline)
        : pipelineOf(parseSpec(await withWeights(pipeline), `${from}: pipeline`)),
  };
}

function mappingOf(decode: KafkaRunSpec['decode'], from: string): Mapping {
  const { values = [], categories, time, timeFormat, zone, key } = decode;
  if (values.length === 0 && categories === undefined) {
    throw new SpecError(`${from}: decode.values: expected the fields to learn, or decode.categories, both are missing`);
  }
  return {
    values,
    ...(categories === undefined ? {} : { categories }),
    ...(time === undefined ? {} : { time }),
    ...(timeFormat === undefined ? {} : { timeFormat }),
    ...(zone === undefined ? {} : { zone }),
    ...(key === undefined ? {} : { key }),
  };
}

const isPipeline = (value: unknown): value is Pipeline<Result> =>
  typeof (value as Partial<Pipeline> | undefined)?.through === 'function';

function loginOf(login: NonNullable<KafkaRunSpec['kafka']['login']>): KafkaLogin {
  if (login.mechanism !== 'oauthbearer') return login;
  // Read again for every connection: whoever renews the token writes it to the same place.
  return { mechanism: 'oauthbearer', token: async () => readSecret(login.token) };
}

function codecOf(decode: KafkaRunSpec['decode'], from: string): PayloadCodec {
  const { format = 'json', columns, delimiter, schema: own, proto, message, registry } = decode;
  const need = <T>(value: T | undefined, field: string): T => {
    if (value !== undefined) return value;
    throw new SpecError(`${from}: decode.${field}: format ${format} needs it, it is missing`);
  };
  const known = (): SchemaRegistry => new SchemaRegistry(need(registry, 'registry'));
  switch (format) {
    case 'json':
      return jsonCodec();
    case 'arrow':
      return arrowRecordCodec();
    case 'cloudevents':
      return cloudEventsCodec();
    case 'csv':
      return csvLineCodec({ columns: need(columns, 'columns'), ...(delimiter === undefined ? {} : { delimiter }) });
    case 'avro':
      return own === undefined ? avroCodec(known()) : avroCodec({ schema: own });
    case 'protobuf':
      return proto === undefined ? protobufCodec(known()) : protobufCodec({ proto, message: need(message, 'message') });
    case 'json-schema':
      return jsonSchemaCodec(known());
  }
}
