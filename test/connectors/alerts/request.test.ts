import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Blocked, Gate } from '../../../connectors/alerts/address.js';
import { post, retryAfterMs } from '../../../connectors/alerts/request.js';
import { TryAgain } from '../../../connectors/alerts/sink.js';
import { Receiver } from './server.js';

let here: Receiver;
beforeEach(async () => {
  here = await Receiver.start();
});
afterEach(() => here.close());
const gate = (): Gate => new Gate({ allow: here.allow });
const failed = (work: Promise<unknown>): Promise<Error & { afterMs?: number }> =>
  work.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: Error) => error,
  );

describe('a post', () => {
  test('sends body and headers, and gives the answer', async () => {
    here.reply = () => ({ status: 202, body: 'taken' });
    expect(await post(here.url(), { gate: gate(), body: '{"ä":1}', headers: { 'x-a': 'b' } })).toEqual({
      status: 202,
      body: 'taken',
    });
    expect(here.asked[0]).toMatchObject({
      method: 'POST',
      path: '/hook',
      body: '{"ä":1}',
      headers: { 'x-a': 'b', 'user-agent': 'engram' },
    });
  });

  test.each([
    [429, 'TryAgain', { 'retry-after': '7' }, 7000],
    [503, 'TryAgain', {}, undefined],
    [408, 'TryAgain', {}, undefined],
    [500, 'TryAgain', {}, undefined],
    [400, 'Refused', {}, undefined],
    [413, 'Refused', {}, undefined],
    [410, 'Refused', {}, undefined],
    [401, 'TryAgain', {}, undefined],
    [403, 'TryAgain', {}, undefined],
    [404, 'TryAgain', {}, undefined],
    [301, 'TryAgain', { location: 'https://hooks.example/' }, undefined],
  ])('answered with %d is %s', async (status, name, headers, afterMs) => {
    here.reply = () => ({ status, headers: headers as Record<string, string>, body: 'no\u001b[31m' });
    const error = await failed(post(here.url('/secret-path'), { gate: gate(), body: '' }));
    expect(error.name).toBe(name);
    expect(error.afterMs).toBe(afterMs);
    expect(error.message).not.toContain('secret-path');
    expect(error.message).not.toContain('\u001b');
    expect((error as TryAgain).untilMended ?? false).toBe([301, 401, 403, 404].includes(status));
  });

  test.each([
    ['invalid_token', '127.0.0.1: answered 403 (invalid_token)'],
    ['invalid_token\n', '127.0.0.1: answered 403 (invalid_token)'],
    ['invalid_token secret-path', '127.0.0.1: answered 403'],
    ['secret_path', '127.0.0.1: answered 403'],
  ])('of an answer %j only a word known beforehand is said on', async (body, message) => {
    here.reply = () => ({ status: 403, body });
    expect((await failed(post(here.url('/secret-path'), { gate: gate(), body: '' }))).message).toBe(message);
  });

  test('that nobody answers in time, or nobody takes, is tried again', async () => {
    here.reply = () => 'hang';
    expect((await failed(post(here.url(), { gate: gate(), body: '', timeoutMs: 100 }))).message).toBe(
      '127.0.0.1: no answer in time',
    );
    const [url, open] = [here.url(), gate()];
    await here.close();
    expect(await failed(post(url, { gate: open, body: '' }))).toMatchObject({
      name: 'TryAgain',
      message: '127.0.0.1: ECONNREFUSED',
    });
    here = await Receiver.start();
  });

  test('reads no more of an answer than it needs', async () => {
    here.reply = () => ({ status: 200, body: 'x'.repeat(5_000_000) });
    expect((await post(here.url(), { gate: gate(), body: '' })).body).toHaveLength(65_536);
  });
});

describe('a redirect', () => {
  test('is not followed unless that was asked for', async () => {
    const inner = await Receiver.start();
    here.reply = () => ({ status: 307, headers: { location: inner.url('/inside') } });
    expect(await failed(post(here.url(), { gate: gate(), body: '' }))).toMatchObject({
      name: 'TryAgain',
      message: '127.0.0.1: expected an answer, got a redirect (307): name the address it leads to',
    });
    expect(inner.asked).toEqual([]);
    await inner.close();
  });

  test.each([
    ['http://169.254.169.254/latest/meta-data/'],
    ['https://10.0.0.1/'],
    ['http://localhost/'],
    ['file:///etc/passwd'],
    ['http://[::ffff:127.0.0.1]/'],
  ])('that leads to %s is stopped at that hop', async (location) => {
    here.reply = () => ({ status: 307, headers: { location } });
    expect(await failed(post(here.url(), { gate: gate(), body: '', redirects: 3 }))).toBeInstanceOf(Blocked);
    expect(here.asked).toHaveLength(1);
  });

  test.each([
    'https://top-secret.internal/',
    'https://top-secret.example:8443/',
    'top-secret://x',
    'http://[top-secret',
  ])('to %s is not said on: the receiver may have made it of what it was sent', async (location) => {
    here.reply = () => ({ status: 307, headers: { location } });
    const { message } = await failed(post(here.url(), { gate: gate(), body: '', redirects: 1 }));
    expect(message).toMatch(/^127\.0\.0\.1: expected a redirect to an address that is allowed/);
    expect(message).not.toContain('secret');
  });

  test('to another server that is not allowed is stopped, though it is on the same host', async () => {
    const inner = await Receiver.start();
    here.reply = () => ({ status: 308, headers: { location: inner.url() } });
    expect(await failed(post(here.url(), { gate: gate(), body: '', redirects: 3 }))).toBeInstanceOf(Blocked);
    expect(inner.asked).toEqual([]);
    await inner.close();
  });

  test('that is allowed is followed without signatures and tokens, so often and no more', async () => {
    const other = await Receiver.start();
    here.reply = () => ({ status: 307, headers: { location: other.url('/new') } });
    const open = new Gate({ allow: [...here.allow, ...other.allow] });
    await post(here.url(), { gate: open, body: 'b', headers: { authorization: 'x' }, redirects: 1 });
    expect(other.asked[0]).toMatchObject({ path: '/new', body: 'b' });
    expect(other.asked[0].headers.authorization).toBeUndefined();
    other.reply = () => ({ status: 307, headers: { location: here.url() } });
    expect(await failed(post(here.url(), { gate: open, body: '', redirects: 5 }))).toMatchObject({ untilMended: true });
    await other.close();
  });
});

describe('a name', () => {
  test('that leads elsewhere a moment later is asked for once, and its first answer is what is connected to', async () => {
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    let asked = 0;
    const open = new Gate({ allow: [`rebind.example:${here.port}`], resolve: async () => answers[asked++] ?? [] });
    await post(`http://rebind.example:${here.port}/x`, { gate: open, body: '' });
    expect(asked).toBe(1);
    expect(here.asked[0].headers.host).toBe(`rebind.example:${here.port}`);
  });

  test('that turns inside between two posts is stopped', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1']];
    const open = new Gate({ resolve: async () => answers.shift() ?? [] });
    expect(await failed(post('https://rebind.example/', { gate: open, body: '', timeoutMs: 50 }))).toBeInstanceOf(
      TryAgain,
    );
    expect(await failed(post('https://rebind.example/', { gate: open, body: '' }))).toBeInstanceOf(Blocked);
  });

  test('that is not known is tried again', async () => {
    const lost = Object.assign(new Error('secret'), { code: 'ENOTFOUND' });
    const open = new Gate({ resolve: () => Promise.reject(lost) });
    expect((await failed(post('https://hooks.example/', { gate: open, body: '' }))).message).toBe(
      'hooks.example: the name cannot be resolved (ENOTFOUND)',
    );
  });
});

test.each([
  ['120', 120_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 60_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('retry-after %s is %s ms', (value, expected) => expect(retryAfterMs(value, 0)).toBe(expected));

describe('over TLS', () => {
  // Key and certificate of a host that does not exist, made for this test.
  const pem = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'hooks-example.pem'), 'utf8');
  let secure: Server;
  const asked: { host: string | undefined; name: string | false | null }[] = [];
  beforeEach(async () => {
    asked.length = 0;
    secure = createServer({ key: pem, cert: pem }, (request, response) => {
      asked.push({ host: request.headers.host, name: (request.socket as TLSSocket).servername });
      response.end('ok');
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => secure.close(resolve)));
  const tlsPost = (host: string, ca?: string) => {
    const { port } = secure.address() as AddressInfo;
    const open = new Gate({ allow: [`${host}:${port}`], resolve: async () => ['127.0.0.1'] });
    return post(`https://${host}:${port}/x`, { gate: open, body: '', ...(ca ? { ca } : {}) });
  };

  test('the connection goes to the checked address, host and certificate are those of the name', async () => {
    expect(await tlsPost('hooks.example', pem)).toMatchObject({ status: 200 });
    expect(asked).toEqual([{ host: `hooks.example:${(secure.address() as AddressInfo).port}`, name: 'hooks.example' }]);
  });

  test('a certificate of another name, or of nobody, is not taken', async () => {
    expect((await failed(tlsPost('other.example', pem))).message).toBe('other.example: ERR_TLS_CERT_ALTNAME_INVALID');
    expect((await failed(tlsPost('hooks.example'))).message).toBe('hooks.example: DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(asked).toEqual([]);
  });
});
