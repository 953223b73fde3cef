import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { awaitCluster } from '../../pipelines/kafka-cluster.js';
import { freePorts } from '../kafka/broker.js';

const answer = Buffer.from([0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 4, 0, 17]);

test('one event when it has to wait, one when the cluster is there', async () => {
  const [port] = await freePorts(1);
  const told: { type: string }[] = [];
  const waiting = awaitCluster({ brokers: [`127.0.0.1:${port}`] }, new AbortController().signal, (event) => {
    told.push(event);
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(told).toMatchObject([{ type: 'unreachable', error: expect.any(Error) }]);
  const server = createServer((socket) => socket.on('data', () => socket.end(answer)));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await waiting).toBe(true);
  expect(told).toMatchObject([{ type: 'unreachable' }, { type: 'reachable', attempts: expect.any(Number) }]);
  server.close();
});

test('it hears a stop at once, even while a broker says nothing', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const stop = new AbortController();
  const waiting = awaitCluster({ brokers: [`127.0.0.1:${port}`], connectTimeoutMs: 3_600_000 }, stop.signal, () => {});
  setTimeout(() => stop.abort(), 100);
  expect(await waiting).toBeUndefined();
  expect(await awaitCluster({ brokers: ['127.0.0.1:1'] }, stop.signal, () => {})).toBeUndefined();
  server.close();
});

test('in the end its patience is over, and it says what to look at', async () => {
  const never = new AbortController().signal;
  await expect(awaitCluster({ brokers: ['127.0.0.1:1'] }, never, () => {}, 300)).rejects.toThrow(
    /the cluster at 127.0.0.1:1 cannot be used: \d+ attempts in 0 s: .*ECONNREFUSED.*kafka.brokers/,
  );
});
