import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { Secret } from '../../../connectors/kafka/secret.js';

test.each(['localhost', 'localhost:0', 'localhost:99999', 'a b:9092', ''])('broker %j is refused', (broker) => {
  expect(() => kafkaClient({ brokers: [broker] })).toThrow(/expected host:port/);
});

test.each(['sasl://user:canary@host:9092', 'user:canary@host:9092'])(
  'a password in a broker is not shown',
  (broker) => {
    expect(() => kafkaClient({ brokers: [broker] })).toThrow(/^(?!.*canary).*expected host:port/);
  },
);

test.each(['localhost:9092', '10.0.0.1:1', '[::1]:9092'])('broker %j is taken', (broker) => {
  expect(() => kafkaClient({ brokers: [broker] })).not.toThrow();
});

test('a missing certificate is named', () => {
  expect(() => kafkaClient({ brokers: ['a:1'], tls: { ca: '/nowhere/ca.pem' } })).toThrow(
    /tls.ca: .*\/nowhere\/ca.pem/,
  );
});

test('neither a failed login nor the client shows the password', async () => {
  const lines: string[] = [];
  const kafka = kafkaClient({
    brokers: ['127.0.0.1:1'],
    connectTimeoutMs: 200,
    login: { mechanism: 'plain', username: 'u', password: new Secret('canary-7f3a') },
    onLog: (level, message) => lines.push(`${level} ${message}`),
  });
  const admin = kafka.admin({ retry: { retries: 1 } });
  const error = await admin.connect().catch((error: Error) => error);
  expect(error).toBeInstanceOf(Error);
  expect([inspect(error, { depth: 9 }), ...lines, inspect(kafka, { depth: 9 })].join()).not.toContain('canary-7f3a');
  expect(lines.length).toBeGreaterThan(0);
});
