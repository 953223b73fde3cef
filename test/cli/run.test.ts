import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sleep } from '../kafka/broker.js';
import { drained, produce, readAll } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';
import { engram, folder } from './command.js';

const file = (value: unknown): string => {
  const path = join(folder(), 'run.json');
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};
const base = {
  oldBrokers: 'allow',
  kafka: { brokers: ['127.0.0.1:1'] },
  input: 'in',
  group: 'g',
  decode: { values: ['v'] },
  pipeline: 'light',
  state: { folder: 'state' },
};

describe('a mistake in what shall be run', () => {
  test('a cluster that does not answer is named, with the fields to look at', async () => {
    const path = file({ ...base, kafka: { brokers: ['127.0.0.1:1'], connectTimeoutMs: 100 } });
    const { code, err } = await engram(['run', path, '--quiet']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /the cluster at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED.*kafka\.brokers, kafka\.tls and kafka\.login/,
    );
  }, 120_000);

  test.each([
    ['no file', '/nowhere/run.json', /expected a file, there is none/],
    ['no JSON', file('{'), /expected JSON/],
    ['a field that is not', file({ ...base, inputs: 'x' }), /inputs.*did you mean "input"/],
    ['an unknown pipeline', file({ ...base, pipeline: 'lihgt' }), /did you mean "light"/],
  ])('%s', async (_, path, why) => {
    const { code, err } = await engram(['run', path]);
    expect(err).toMatch(why);
    expect(code).toBe(2);
  });
});

test('without a broker it says so once, and hears that it is to stop', async () => {
  let press: () => void = () => {};
  const running = engram(['run', file(base)], {
    interrupt: (stop) => {
      press = stop;
    },
  });
  await sleep(2500);
  press();
  const { code, err } = await running;
  // One that does not hear it gives up by itself in the end, with another line and another code.
  const told = err
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.map(({ type }) => type)).toEqual(['unreachable', 'stopping', 'stopped']);
  expect(told[0].error).toMatch(/ECONNREFUSED/);
  expect(code).toBe(0);
});

withBroker('engram run', ({ addresses, kafka, topic, unique }) => {
  test('works until it is interrupted, and says what happens', async () => {
    const input = await topic('cli');
    const group = unique('g');
    await produce(
      kafka(),
      input,
      Array.from({ length: 100 }, (_, i) => ({ key: 'k', value: `{"v":${i % 7}}` })),
    );
    let press: () => void = () => {};
    const running = engram(
      ['run', file({ ...base, kafka: { brokers: addresses() }, input, group, state: { topic: unique('state') } })],
      {
        interrupt: (stop) => {
          press = stop;
        },
      },
    );
    await drained(kafka(), group, input);
    press();
    const { code, err } = await running;
    expect(code).toBe(0);
    const told = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    const types = told.filter((type) => type !== 'client');
    // A broker that has just begun may not know its groups yet: then it is tried again.
    expect(types.slice(-5)).toEqual(['assigned', 'restored', 'live', 'stopping', 'stopped']);
    expect(await readAll(kafka(), `${input}.forecasts`, 100)).toHaveLength(100);
  }, 120_000);

  test.each([
    [
      { sessionTimeoutMs: 900, heartbeatMs: 100 },
      'sessionTimeoutMs: expected at least 1000 (group.min.session.timeout.ms of the brokers) and at most 1800000 (group.max.session.timeout.ms of the brokers), got 900',
    ],
    [
      { transactionTimeoutMs: 900_001 },
      'transactionTimeoutMs: expected at most 900000 (transaction.max.timeout.ms of the brokers), got 900001',
    ],
    [
      { state: { topic: 'TOPIC' } },
      'state.topic: expected topic TOPIC to have cleanup.policy=compact, it has delete: what is kept in it would vanish.',
    ],
    [
      { state: { topic: 'TOPIC' }, cleanup: 'compact,delete' },
      'state.topic: expected topic TOPIC to have cleanup.policy=compact, it has compact,delete',
    ],
  ])('%j is refused at once, by the name of the field', async (fault, why) => {
    const { cleanup = 'delete', ...settings } = fault as typeof fault & { cleanup?: string };
    const input = await topic('refused');
    const state = await topic('expiring', 1, { 'cleanup.policy': cleanup });
    const named = JSON.stringify({ ...base, kafka: { brokers: addresses() }, input, group: unique('g'), ...settings });
    let press: () => void = () => {};
    const running = engram(['run', file(named.replace('TOPIC', state)), '--quiet'], {
      interrupt: (stop) => {
        press = stop;
      },
    });
    // Whoever tries again and again is stopped in the end, with another code and no word.
    const patience = setTimeout(() => press(), 30_000);
    const { code, err } = await running;
    clearTimeout(patience);
    expect(err).toContain(`engram: ${why.replace('TOPIC', state)}`);
    expect([code, err.trimEnd().split('\n').length]).toEqual([1, 1]);
  });

  test('a topic that is not there is named with the nearest one', async () => {
    const input = await topic('speeds');
    const path = file({ ...base, kafka: { brokers: addresses() }, input: `${input}x` });
    const { code, err } = await engram(['run', path, '--quiet']);
    expect(code).toBe(1);
    expect(err).toContain(`did you mean "${input}"`);
  }, 120_000);
});
