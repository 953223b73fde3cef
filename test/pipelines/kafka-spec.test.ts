import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { shipped } from '../../pipelines/shipped.js';
import { pipelineOf } from '../../pipelines/spec.js';

const base = {
  kafka: { brokers: ['127.0.0.1:9092'] },
  input: 'traffic',
  group: 'g',
  decode: { values: ['speed'] },
  pipeline: 'light',
  state: { folder: 'state' },
};

test('the least there must be, and everything', async () => {
  expect(await parseKafkaRun(base)).toMatchObject({ groupId: 'g', input: 'traffic', mapping: { values: ['speed'] } });
  const full = await parseKafkaRun({
    ...base,
    kafka: {
      ...base.kafka,
      tls: { ca: 'ca.pem' },
      login: { mechanism: 'scram-sha-512', username: 'u', password: { env: 'PW' } },
    },
    decode: { format: 'csv', columns: ['at', 'speed'], values: ['speed'], time: 'at', timeFormat: 'epoch-s' },
    state: { topic: 'engram-state' },
    topics: { anomalies: null },
    mode: 'at-least-once',
    http: { port: 9090 },
  });
  expect(full.codec?.name).toBe('csv');
  expect(full.kafka.login).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: { env: 'PW' } });
});

test('a pipeline made by code is taken as it is', async () => {
  const made = pipelineOf(shipped.light);
  expect((await parseKafkaRun({ ...base, pipeline: made })).pipeline).toBe(made);
});

test('a token is read again for every connection, and never shown', async () => {
  const run = await parseKafkaRun({
    ...base,
    kafka: { ...base.kafka, login: { mechanism: 'oauthbearer', token: { env: 'ENGRAM_TEST_TOKEN' } } },
  });
  const { login } = run.kafka;
  if (login?.mechanism !== 'oauthbearer') throw new Error('expected a token');
  for (const token of ['canary-1', 'canary-2']) {
    process.env.ENGRAM_TEST_TOKEN = token;
    const secret = await login.token();
    expect(secret.reveal()).toBe(token);
    expect(inspect([run, secret], { depth: 9 })).not.toContain('canary');
  }
  delete process.env.ENGRAM_TEST_TOKEN;
});

test.each([
  [{ ...base, inputs: 'x' }, /inputs.*did you mean "input"/],
  [{ ...base, input: undefined }, /input: expected/],
  [{ ...base, mode: 'exactly' }, /mode: expected one of exactly-once/],
  [{ ...base, kafka: { brokers: [] } }, /kafka.brokers/],
  [
    { ...base, kafka: { ...base.kafka, login: { mechanism: 'plain', username: 'u', password: 'in the file' } } },
    /kafka.login/,
  ],
  [{ ...base, pipeline: 'lihgt' }, /did you mean "light"/],
  [{ ...base, decode: { format: 'avro', values: ['v'] } }, /decode.registry: format avro needs it/],
  [{ ...base, decode: { format: 'csv', values: ['v'] } }, /decode.columns: format csv needs it/],
  [{ ...base, state: {} }, /state/],
  [
    { ...base, state: { topic: 't', folder: 'f' } },
    /state: expected \{"folder": …\} or \{"topic": …, "partitions": …\}, got/,
  ],
  [{ ...base, kafka: { brokers: ['localhost'] } }, /kafka.brokers\[0\]: expected host:port, .*got "localhost"/],
  [{ ...base, kafka: { brokers: ['u:canary@h:9092'] } }, /got "\*\*\*@h:9092"$/],
  [{ ...base, heartbeatMs: 40_000 }, /heartbeatMs: expected less than sessionTimeoutMs \(30000\), got 40000/],
  [{ ...base, commitMs: 2 ** 31 }, /commitMs: expected a number of at most 2147483647, got 2147483648/],
  [{ ...base, waitingBytesMax: 0 }, /waitingBytesMax: expected a number of at least 1, got 0/],
  [{ ...base, heldBytesMax: 1.5 }, /heldBytesMax: expected a whole number, got 1.5/],
])('%#: a mistake is named', async (value, why) => {
  await expect(parseKafkaRun(JSON.parse(JSON.stringify(value)), 'run.json')).rejects.toThrow(why);
});

test('fields of words, alone or beside numbers; neither is refused', async () => {
  const words = { ...base, decode: { categories: ['state'] }, pipeline: 'word-sequence' };
  expect((await parseKafkaRun(words)).mapping).toEqual({ values: [], categories: ['state'] });
  await expect(parseKafkaRun({ ...base, decode: {} })).rejects.toThrow(/decode.values: expected the fields to learn/);
});
