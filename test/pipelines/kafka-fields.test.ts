import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { kafkaFields, kafkaRunSchema } from '../../pipelines/kafka-fields.js';
import { engram } from '../cli/command.js';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const fields = kafkaFields();
const places = fields.map(({ path }) => path);

interface Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly anyOf?: readonly Json[];
  readonly oneOf?: readonly Json[];
}

/** Every place of the schema that holds no further ones, as zod itself writes it down. */
function leaves(json: Json, path = ''): string[] {
  const inner = [json, ...(json.anyOf ?? []), ...(json.oneOf ?? [])].flatMap(({ properties }) =>
    Object.entries(properties ?? {}),
  );
  return inner.length === 0
    ? [path]
    : inner.flatMap(([name, part]) => leaves(part, path === '' ? name : `${path}.${name}`));
}

test('every field of the schema is listed, and the help of the command has each with what is taken for it', async () => {
  const all = leaves(z.toJSONSchema(kafkaRunSchema, { unrepresentable: 'any' }) as Json);
  // Of a secret the place is the field.
  const wanted = new Set(all.map((path) => path.replace(/\.(env|file)$/, '')));
  expect(wanted.size).toBeGreaterThan(60);
  expect([...wanted].filter((path) => !places.includes(path))).toEqual([]);
  const { out } = await engram(['run', '--help']);
  for (const { path, about, preset } of fields) {
    const [line = ''] = out.split('\n').filter((one) => one.startsWith(`  ${path} `));
    expect(line).toContain(about);
    if (preset !== undefined) expect(line).toMatch(new RegExp(`\\[${preset}\\]$`));
  }
});

test('OPERATIONS has every field that something is taken for, with that and what the help says', () => {
  const rows = [...text('docs/OPERATIONS.md').matchAll(/^\| `([\w.]+)` \| `([^`]+)` \| (.*) \|$/gm)].map(
    ([, ...cells]) => cells,
  );
  const wanted = fields.filter(({ preset }) => preset !== undefined);
  expect(rows).toEqual(wanted.map(({ path, preset, about }) => [path, String(preset), about]));
});

test.each([
  ['commitMs', 'pipelines/kafka-task.ts'],
  ['commitRows', 'pipelines/kafka-task.ts'],
  ['checkpointMs', 'pipelines/kafka-task.ts'],
  ['checkpointRows', 'pipelines/kafka-task.ts'],
  ['rejectShareMax', 'pipelines/kafka-breaker.ts', 'shareMax'],
  ['sessionTimeoutMs', 'connectors/kafka/group.ts'],
  ['sessionTimeoutMs', 'pipelines/kafka-run.ts'],
  ['heartbeatMs', 'connectors/kafka/group.ts'],
  ['rebalanceTimeoutMs', 'connectors/kafka/group.ts'],
  ['fetchWaitMs', 'connectors/kafka/group.ts'],
  ['metadataMs', 'connectors/kafka/group.ts'],
  ['waitingBytesMax', 'connectors/kafka/feed.ts'],
  ['heldBytesMax', 'connectors/kafka/committed.ts', 'bytesMax'],
  ['transactionTimeoutMs', 'connectors/kafka/writer.ts'],
  ['lagMs', 'pipelines/kafka-worker.ts'],
  ['partitionsMax', 'pipelines/kafka-worker.ts'],
  ['onTruncated', 'pipelines/kafka-restore.ts'],
  ['mode', 'pipelines/kafka-worker.ts'],
  ['oldBrokers', 'pipelines/kafka-topics.ts'],
  ['compression', 'connectors/kafka/writer.ts'],
  ['http.host', 'pipelines/kafka-http.ts'],
  ['state.partitions', 'connectors/kafka/table.ts'],
  ['decode.timeFormat', 'connectors/kafka/decode.ts'],
  ['decode.format', 'pipelines/kafka-spec.ts'],
  ['decode.delimiter', 'connectors/codecs/csv-line.ts'],
  ['decode.registry.timeoutMs', 'connectors/kafka/registry.ts'],
  ['decode.registry.unknownMs', 'connectors/kafka/registry.ts'],
  ['decode.registry.patienceMs', 'connectors/kafka/registry.ts'],
  ['kafka.clientId', 'connectors/kafka/client.ts'],
  ['kafka.connectTimeoutMs', 'connectors/kafka/client.ts'],
  ['kafka.requestTimeoutMs', 'connectors/kafka/client.ts'],
])('what is taken for %s is what the code takes (%s)', (path, source, name = path.replace(/.*\./, '')) => {
  const { preset } = fields.find((field) => field.path === path) ?? {};
  const taken = new RegExp(`\\b${name} (?:=|\\?\\?) ('[^']*'|[\\d_.]+(?: \\* 2 \\*\\* \\d+)?)`, 'g');
  const found = [...text(source).matchAll(taken)].map(([, value]) => spelt(value));
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter((value) => value !== preset)).toEqual([]);
});

/** A literal of the source: a text, a number, or one times a power of two. */
function spelt(literal: string): string | number {
  if (literal.startsWith("'")) return literal.slice(1, -1);
  const [, number, power = '0'] = /^([\d_.]+)(?: \* 2 \*\* (\d+))?$/.exec(literal) ?? [];
  return Number(number.replaceAll('_', '')) * 2 ** Number(power);
}
