import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isKafka4 } from '../../../connectors/kafka/version.js';
import { withBroker } from '../../kafka/with-broker.js';

withBroker('a real broker', ({ addresses }) => {
  test('tells its version', async () => {
    const version = process.env.KAFKA_VERSION ?? '4.1.1';
    if (process.env.KAFKA_BROKERS) expect(await isKafka4({ brokers: addresses() })).toBeTypeOf('boolean');
    else expect(await isKafka4({ brokers: addresses() })).toBe(Number(version.split('.')[0]) >= 4);
  }, 120_000);
});

/** A broker that knows one answer. */
async function answering(bytes: readonly number[]): Promise<{ address: string; close(): void }> {
  const server = createServer((socket) => socket.on('data', () => socket.end(Buffer.from(bytes))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test.each([
  ['an old one', [0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 17], false],
  ['a new one', [0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 4, 0, 17], true],
])('%s', async (_, bytes, expected) => {
  const broker = await answering(bytes);
  // The first address leads nowhere: the second one is asked.
  expect(await isKafka4({ brokers: ['127.0.0.1:1', broker.address] })).toBe(expected);
  broker.close();
});

test('what is no broker, and what does not answer', async () => {
  const web = await answering([...Buffer.from('HTTP')]);
  await expect(isKafka4({ brokers: [web.address], connectTimeoutMs: 300 })).rejects.toThrow(
    /no broker of .* told its version/,
  );
  web.close();
});
