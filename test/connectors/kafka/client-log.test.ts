import { logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { clientLog } from '../../../connectors/kafka/client-log.js';
import { withBroker } from '../../kafka/with-broker.js';

function logged() {
  const lines: string[] = [];
  const log = clientLog((level, message) => lines.push(`${level} ${message}`));
  const say = (namespace: string, message: string, fields: object = {}): void =>
    log({
      namespace,
      ...{ level: logLevel.ERROR, label: 'ERROR' },
      log: { timestamp: '', message, logger: 'kafkajs', ...fields },
    });
  return { lines, say };
}

test('what whoever asked is told as an error is left out; the rest is one sentence, with the broker', () => {
  const { lines, say } = logged();
  say('Connection', 'Response Fetch(key: 1, version: 4)', { error: 'x', broker: 'a:1' });
  say('BrokerPool', 'Failed to connect to seed broker, trying another broker from the list: Connection timeout');
  say('SaslAuthenticator-PLAIN', 'SASL PLAIN authentication failed: canary-7f3a');
  say('Producer', 'Not authorized');
  expect(lines).toEqual([]);
  say('Connection', 'Connection timeout', { broker: 'a:1', stack: 'Error: x\n    at y' });
  say('Producer', 'Failed to send messages: Connection timeout');
  say('Runner', 'The coordinator is not aware of this member, re-joining the group', { error: 'canary-7f3a' });
  expect(lines).toEqual([
    'error Connection: Connection timeout (a:1)',
    'error Producer: Failed to send messages: Connection timeout',
    'error Runner: The coordinator is not aware of this member, re-joining the group',
  ]);
});

test('a membership that ends is told by its owner, one that begins again by the client, with the reason', () => {
  const { lines, say } = logged();
  say('Consumer', 'Crash: KafkaJSProtocolError: The coordinator is loading');
  expect(lines).toEqual([]);
  say('Consumer', 'Restarting the consumer in 30ms');
  expect(lines).toEqual(['error Consumer: KafkaJSProtocolError: The coordinator is loading: joins again']);
});

withBroker('what a client says of a request that is refused', ({ addresses, unique }) => {
  test('is the error it throws, and nothing besides', async () => {
    const lines: string[] = [];
    const kafka = kafkaClient({ brokers: addresses(), onLog: (_, line) => lines.push(line) });
    const consumer = kafka.consumer({
      groupId: unique('g'),
      sessionTimeout: 100,
      heartbeatInterval: 50,
      retry: { retries: 0 },
    });
    const crashed = new Promise<Error>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || resolve(payload.error));
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [unique('t')] }).catch(() => {});
    await consumer.run({ eachBatch: async () => {} }).catch(() => {});
    expect((await crashed).message).toMatch(/session timeout is not within the range/);
    await consumer.disconnect();
    expect(lines.filter((line) => !/joins again$/.test(line))).toEqual([]);
  });
});
