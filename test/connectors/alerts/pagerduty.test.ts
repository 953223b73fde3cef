import { afterEach, beforeEach, expect, test } from 'vitest';
import { pagerDutySink } from '../../../connectors/alerts/pagerduty.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import { alertOf, deliveryOf, Receiver, resolvedOf } from './server.js';

interface PagerEvent {
  readonly routing_key: string;
  readonly event_action: 'trigger' | 'resolve';
  readonly dedup_key: string;
  readonly payload?: Record<string, unknown>;
}

let here: Receiver;
/** Incidents that are open, as the service would have them. */
let open: Set<string>;
const key = 'r'.repeat(32);
beforeEach(async () => {
  here = await Receiver.start();
  open = new Set();
  here.reply = ({ path, body }) => {
    const event = JSON.parse(body) as PagerEvent;
    const wrong = (why: string) => ({ status: 400, body: JSON.stringify({ status: 'invalid event', errors: [why] }) });
    if (path !== '/v2/enqueue') return { status: 404 };
    if (event.routing_key !== key) return wrong('routing_key');
    if (!event.dedup_key || event.dedup_key.length > 255) return wrong('dedup_key');
    if (event.event_action === 'resolve') open.delete(event.dedup_key);
    else {
      const { summary, source, severity } = event.payload ?? {};
      if (typeof summary !== 'string' || summary.length > 1024 || !source) return wrong('summary');
      if (!['critical', 'error', 'warning', 'info'].includes(String(severity))) return wrong('severity');
      open.add(event.dedup_key);
    }
    return { status: 202, body: JSON.stringify({ status: 'success', dedup_key: event.dedup_key }) };
  };
});
afterEach(() => here.close());
const sink = (more: object = {}) =>
  pagerDutySink({ routingKey: new Secret(key), url: here.url('/v2/enqueue'), allow: here.allow, ...more });

test('a group is one incident: triggered, updated, resolved', async () => {
  await sink().send(deliveryOf([alertOf()]));
  await sink().send(
    deliveryOf([alertOf({ severity: 'critical', revision: 2 }), alertOf({ id: 'b', key: 'x'.repeat(3000) })], {
      first: false,
    }),
  );
  expect([...open]).toEqual(['g1']);
  await sink().send(deliveryOf([resolvedOf()], { first: false }));
  expect([...open]).toEqual([]);
  const events = here.bodies as PagerEvent[];
  expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'trigger', 'resolve']);
  expect(events[0].payload).toMatchObject({
    source: 'pump-1',
    severity: 'error',
    timestamp: '2026-01-01T00:00:00.000Z',
    component: 'flow',
    group: 'g1',
    class: 'any',
  });
  expect(events[1].payload?.severity).toBe('critical');
});

test('what has come and gone before it was told is triggered, then resolved', async () => {
  await sink().send(deliveryOf([resolvedOf()]));
  expect((here.bodies as PagerEvent[]).map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve']);
});

test('a wrong key is not tried again, and not said', async () => {
  const wrong = sink({ routingKey: new Secret('canary-key') }).send(deliveryOf([alertOf()]));
  await expect(wrong).rejects.toMatchObject({ name: 'Refused', message: expect.not.stringContaining('canary-key') });
});

test('429 is tried again when it says', async () => {
  here.reply = () => ({ status: 429, headers: { 'retry-after': '30' } });
  await expect(sink().send(deliveryOf([alertOf()]))).rejects.toMatchObject({ name: 'TryAgain', afterMs: 30_000 });
});

test('has links to where a series is shown', async () => {
  await sink().send(deliveryOf([alertOf({ replay: 'https://look.example/x' })]));
  expect(here.bodies[0]).toMatchObject({ links: [{ href: 'https://look.example/x', text: 'pump-1' }] });
});
