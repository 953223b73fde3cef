import { expect, test } from 'vitest';
import { HealthServer } from '../../pipelines/kafka-http.js';

test('alive, ready and figures are told apart', async () => {
  let broken: string | undefined;
  let waiting: string | undefined = 'restoring in-0';
  const server = await HealthServer.start(
    { broken: () => broken, waiting: () => waiting, metrics: () => 'engram_x 1\n' },
    0,
    '127.0.0.1',
  );
  const get = async (path: string, method = 'GET'): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return `${response.status} ${(await response.text()).trim()}`;
  };
  expect(await get('/healthz')).toBe('200 ok');
  expect(await get('/readyz?x=1')).toBe('503 restoring in-0');
  waiting = undefined;
  expect(await get('/readyz')).toBe('200 ok');
  broken = 'digest mismatch';
  expect(await get('/healthz')).toBe('503 digest mismatch');
  expect(await get('/readyz')).toBe('503 digest mismatch');
  expect(await get('/metrics')).toBe('200 engram_x 1');
  expect(await get('/')).toMatch(/^404 expected/);
  expect(await get('/healthz', 'POST')).toMatch(/^405/);
  await expect(
    HealthServer.start({ broken: () => '', waiting: () => '', metrics: () => '' }, server.port, '127.0.0.1'),
  ).rejects.toThrow(/http.port: expected a free port.*EADDRINUSE/);
  await server.close();
});
