import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { misfitOf } from '../../../connectors/kafka/listener.js';
import { withBroker } from '../../kafka/with-broker.js';

// TLS, certificates and logins are caused on a real broker in security.test.ts.

const coded = (code: string): Error => new Error('outer', { cause: Object.assign(new Error('inner'), { code }) });

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /kafka\.tls\.ca$/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /kafka\.tls\.servername$/],
])('%s names its field without asking anybody', async (code, field) => {
  expect(await misfitOf(coded(code), { brokers: ['127.0.0.1:1'], tls: true })).toMatch(field);
});

test.each([true, false])('nobody there, or somebody who says nothing, is no misfit (TLS: %s)', async (tls) => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const brokers = ['127.0.0.1:1', `127.0.0.1:${(silent.address() as AddressInfo).port}`];
  expect(await misfitOf(coded('ECONNRESET'), { brokers, tls, connectTimeoutMs: 200 })).toBeUndefined();
  silent.close();
});

test('it hears a stop while somebody says nothing', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const brokers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const hour = 3_600_000;
  const options = { brokers, connectTimeoutMs: hour };
  expect(await misfitOf(coded('ECONNRESET'), options, stop.signal, hour)).toBeUndefined();
  silent.close();
});

withBroker('a listener that fits', ({ addresses }) => {
  test('is not blamed', async () => {
    // It was starting when it hung up, and answers now: that is no want of a login.
    for (const error of [coded('ECONNRESET'), new Error('of something else')]) {
      expect(await misfitOf(error, { brokers: addresses() })).toBeUndefined();
    }
  });
});
