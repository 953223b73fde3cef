import { afterEach, beforeEach, expect, test } from 'vitest';
import { alertmanagerSink } from '../../../connectors/alerts/alertmanager.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import type { Alert } from '../../../event.js';
import { alertOf, deliveryOf, Receiver, resolvedOf } from './server.js';

interface Postable {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

let here: Receiver;
let now = Date.UTC(2026, 0, 2);
/** Alerts as Alertmanager would hold them: by labels. */
let held: Map<string, Postable>;
beforeEach(async () => {
  here = await Receiver.start();
  now = Date.UTC(2026, 0, 2);
  held = new Map();
  // Its v2 API: an array of postable alerts, text labels, start before end; answers 200 with nothing.
  here.reply = ({ method, path, body, headers }) => {
    if (method !== 'POST' || path !== '/am/api/v2/alerts') return { status: 404 };
    if (headers['content-type'] !== 'application/json') return { status: 415 };
    for (const alert of JSON.parse(body) as Postable[]) {
      const known = ['labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL'];
      const texts = [...Object.values(alert.labels), ...Object.values(alert.annotations)];
      const sound =
        Object.keys(alert).every((name) => known.includes(name)) &&
        texts.every((text) => typeof text === 'string') &&
        Object.keys(alert.labels).every((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) &&
        Boolean(alert.labels.alertname) &&
        Date.parse(alert.startsAt) < Date.parse(alert.endsAt);
      if (!sound) return { status: 400, body: '"invalid alert"' };
      held.set(JSON.stringify(Object.entries(alert.labels).sort()), alert);
    }
    return { status: 200 };
  };
});
afterEach(() => here.close());
const sink = (more: object = {}) => alertmanagerSink({ url: here.url('/am'), allow: here.allow, ...more }, () => now);
const firing = () => [...held.values()].filter(({ endsAt }) => Date.parse(endsAt) > now);

test('an alert is one alert there, however its severity, channel and value change, until it ends', async () => {
  const changes: Alert[] = [alertOf(), alertOf({ revision: 2, severity: 'critical', channel: 'load', value: 70 })];
  for (const change of changes) await sink().send(deliveryOf([change]));
  expect(held.size).toBe(1);
  expect(firing()).toEqual([
    {
      labels: { alertname: 'any', key: 'pump-1', detector: 'sensor-anomaly', engram_id: 'a1', site: 'north' },
      annotations: {
        severity: 'critical',
        summary: 'flow 50 where 10 (8 to 12) was expected: 5 times as high',
        value: '70',
        expected: '10',
        group: 'g1',
      },
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2026-01-02T00:04:00.000Z',
    },
  ]);
  await sink().send(deliveryOf([resolvedOf({ revision: 3 })]));
  expect(held.size).toBe(1);
  expect(firing()).toEqual([]);
});

test('ends by itself when nothing is sent any more, and not while it is', async () => {
  await sink({ resendMs: 30_000 }).send(deliveryOf([alertOf()]));
  now += 119_000;
  expect(firing()).toHaveLength(1);
  await sink({ resendMs: 30_000 }).send(deliveryOf([alertOf()]));
  now += 119_000;
  expect(firing()).toHaveLength(1);
  now += 2000;
  expect(firing()).toHaveLength(0);
});

test('is over there although event time runs ahead of the clock', async () => {
  const ahead = { startsAt: '2030-01-01T00:00:00.000Z', endsAt: '2030-01-01T01:00:00.000Z' };
  await sink().send(deliveryOf([resolvedOf(ahead)]));
  now += 10;
  expect(held.size).toBe(1);
  expect(firing()).toHaveLength(0);
});

test('many alerts go in requests of a thousand; passwords and tokens are sent', async () => {
  const alerts = Array.from({ length: 2500 }, (_, i) => alertOf({ id: String(i), key: `k${i}` }));
  await sink({ username: 'u', password: new Secret('p') }).send(deliveryOf(alerts));
  expect(here.bodies.map((body) => (body as unknown[]).length)).toEqual([1000, 1000, 500]);
  expect(here.asked[0].headers.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
  await sink({ bearer: new Secret('t') }).send(deliveryOf([alertOf()]));
  expect(here.asked[3].headers.authorization).toBe('Bearer t');
});
