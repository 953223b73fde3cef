import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyWebhook, webhookSink } from '../../../connectors/alerts/webhook.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import { alertOf, deliveryOf, Receiver, resolvedOf } from './server.js';

let here: Receiver;
beforeEach(async () => {
  here = await Receiver.start();
});
afterEach(() => here.close());
const secret = new Secret('s3cret');
const nowMs = 1_700_000_000_500;
const sink = (more: object = {}) => webhookSink({ url: here.url(), secret, allow: here.allow, ...more }, () => nowMs);

test('posts the delivery as JSON, worst first, signed with its time', async () => {
  const delivery = deliveryOf([resolvedOf({ id: 'b' }), alertOf(), alertOf({ id: 'c', severity: 'critical' })]);
  await sink({ headers: { authorization: new Secret('Bearer t') } }).send(delivery);
  const [{ headers, body }] = here.asked;
  expect(JSON.parse(body)).toEqual({
    version: 1,
    id: 'd1',
    group: 'g1',
    labels: { rule: 'any' },
    status: 'firing',
    counts: { firing: 2, resolved: 1 },
    truncated: 0,
    alerts: [alertOf({ id: 'c', severity: 'critical' }), alertOf(), resolvedOf({ id: 'b' })],
  });
  const signature = createHmac('sha256', 's3cret').update(`1700000000.${body}`).digest('hex');
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'engram-delivery': 'd1',
    'engram-timestamp': '1700000000',
    'engram-signature': `v1=${signature}`,
    authorization: 'Bearer t',
  });
  expect(verifyWebhook(secret, headers, body, { nowMs })).toBe(true);
});

test('a body that was changed, an old one, another secret and no signature do not pass', async () => {
  await sink().send(deliveryOf([alertOf()]));
  const [{ headers, body }] = here.asked;
  expect(verifyWebhook(secret, headers, `${body} `, { nowMs })).toBe(false);
  expect(verifyWebhook(new Secret('other'), headers, body, { nowMs })).toBe(false);
  expect(verifyWebhook(secret, headers, body, { nowMs: nowMs + 301_000 })).toBe(false);
  expect(verifyWebhook(secret, headers, body, { nowMs: nowMs + 301_000, toleranceMs: 400_000 })).toBe(true);
  expect(verifyWebhook(secret, { ...headers, 'engram-timestamp': '1700000001' }, body, { nowMs })).toBe(false);
  expect(verifyWebhook(secret, { ...headers, 'engram-signature': 'v1=ab' }, body, { nowMs })).toBe(false);
  expect(verifyWebhook(secret, {}, body, { nowMs })).toBe(false);
});

test('holds so many alerts and says how many it left out', async () => {
  const alerts = Array.from({ length: 30 }, (_, i) => alertOf({ id: String(i) }));
  await sink({ alertsMax: 10 }).send(deliveryOf(alerts));
  expect(here.bodies[0]).toMatchObject({ truncated: 20, counts: { firing: 30 } });
  expect((here.bodies[0] as { alerts: unknown[] }).alerts).toHaveLength(10);
});

test('an address that is closed is refused before anything is sent', () =>
  expect(() => webhookSink({ url: 'https://169.254.169.254/', secret })).toThrow(/expected a public address/));
