import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertFileSink } from '../../connectors/alerts/file.js';
import type { AlertSink, Delivery } from '../../connectors/alerts/sink.js';
import { webhookSink } from '../../connectors/alerts/webhook.js';
import { Secret } from '../../connectors/kafka/secret.js';
import type { Alert } from '../../event.js';
import { AlertFeed, type AlertFeedOptions, type FeedEvent } from '../../pipelines/alert-feed.js';
import { alertOf, Receiver, resolvedOf } from '../connectors/alerts/server.js';
import { HandClock } from './hand-clock.js';

const minute = 60_000;
let folder: string;
let clock: HandClock;
let events: FeedEvent[];
let feed: AlertFeed | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engram-feed-'));
  clock = new HandClock();
  events = [];
});
afterEach(async () => {
  await feed?.close(false);
  feed = undefined;
});

/** A sink that keeps what it is sent. */
function kept(manner: AlertSink['manner'] = 'grouped'): AlertSink & { readonly sent: Delivery[] } {
  const sent: Delivery[] = [];
  return { manner, sent, send: async (delivery) => void sent.push(delivery), close: async () => {} };
}
async function open(options: Partial<AlertFeedOptions>): Promise<AlertFeed> {
  feed = await AlertFeed.open({ folder, sinks: {}, clock, onEvent: (event) => events.push(event), ...options });
  return feed;
}
const idsOf = (sent: readonly Delivery[]): string[][] => sent.map(({ alerts }) => alerts.map(({ id }) => id));

describe('routes', () => {
  test('the first that fits is taken, and those after it where it says so', async () => {
    const [ops, archive, rest] = [kept(), kept('each'), kept()];
    const it = await open({
      sinks: { ops, archive, rest },
      routes: [
        { sinks: ['archive'], goOn: true },
        { match: { severity: 'critical' }, sinks: ['ops'] },
        { sinks: ['rest'] },
      ],
    });
    await it.write([alertOf({ id: 'a', severity: 'critical' }), alertOf({ id: 'b' })]);
    await clock.pass(minute);
    expect([idsOf(ops.sent), idsOf(archive.sent), idsOf(rest.sent)]).toEqual([[['a']], [['a', 'b']], [['b']]]);
  });

  test('alerts are told together by the labels that they have in common', async () => {
    const ops = kept();
    const it = await open({ sinks: { ops }, routes: [{ groupBy: ['site'] }] });
    await it.write(['north', 'south', 'north'].map((site, i) => alertOf({ id: `a${i}`, labels: { site } })));
    await clock.pass(minute);
    expect(ops.sent.map(({ labels, alerts }) => [labels, alerts.length])).toEqual([
      [{ site: 'north' }, 2],
      [{ site: 'south' }, 1],
    ]);
  });

  test('who keeps the state is told all that fires, again and again, in one', async () => {
    const state = { ...kept('state'), repeatMs: 30_000 };
    const it = await open({ sinks: { state }, routes: [{ groupBy: ['key'] }] });
    await it.write([alertOf({ id: 'a' }), alertOf({ id: 'b', key: 'k' })]);
    await clock.pass(65_000);
    expect(idsOf(state.sent)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await it.write([resolvedOf({ id: 'a' })]);
    await clock.pass(31_000);
    expect(idsOf(state.sent).slice(3)).toEqual([['a', 'b'], ['b']]);
  });

  test.each([
    [[{ sinks: ['oops'] }], 'alerts.routes[0].sinks: expected some of ops, got "oops"'],
    [[{ groupBy: ['severity'] }], 'alerts.routes[0].groupBy: expected labels that stay while an alert lasts'],
    [[{ waitMs: -1 }], 'alerts.routes[0].waitMs: expected a time of at least 0, got -1'],
    [[{ match: { key: 1 } }], 'alerts.routes[0].match.key: expected a text'],
  ])('that are wrong are refused, and hold nothing: %j', async (routes, message) => {
    await expect(open({ sinks: { ops: kept() }, routes: routes as never })).rejects.toThrow(message);
    await open({ sinks: { ops: kept() } });
  });
});

test('label churn: one telling for one episode, whatever changes meanwhile', async () => {
  const ops = kept();
  const it = await open({ sinks: { ops }, routes: [{ groupBy: ['site'] }] });
  for (let i = 1; i <= 20; i++) {
    await it.write([
      alertOf({ revision: i, channel: `c${i}`, labels: { site: `s${i}` }, direction: i % 2 ? 'above' : 'below' }),
    ]);
    await clock.pass(1000);
  }
  await clock.pass(minute);
  expect(idsOf(ops.sent)).toEqual([['a1']]);
});

test('a second feed in the folder is refused while the first one works', async () => {
  await open({ sinks: {} });
  await expect(AlertFeed.open({ folder, sinks: {}, clock })).rejects.toThrow(
    /expected a state folder that no other run works on/,
  );
});

describe('silences', () => {
  const times = { startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-01T01:00:00Z' };
  const startMs = Date.parse(times.startsAt);
  const silence = { name: 'repair', match: { key: 'pump-*' }, ...times };

  test('keep an alert from people and not from the record, and let it go when they end while it fires', async () => {
    const [ops, archive] = [kept(), kept('each')];
    const it = await open({ sinks: { ops, archive }, silences: [silence] });
    await it.write([
      alertOf({ timeMs: startMs + minute }),
      alertOf({ id: 'fan', key: 'fan-1', timeMs: startMs + minute }),
    ]);
    await clock.pass(minute);
    expect(idsOf(ops.sent)).toEqual([['fan']]);
    expect(archive.sent[0]?.alerts.map(({ silencedBy }) => silencedBy)).toEqual(['repair', undefined]);
    await it.advance(startMs + 59 * minute);
    await clock.pass(10 * minute);
    expect(ops.sent).toHaveLength(1);
    await it.advance(startMs + 60 * minute);
    await clock.pass(10 * minute);
    expect(idsOf(ops.sent)).toEqual([['fan'], ['a1', 'fan']]);
  });

  test('are asked by event time, so a replay next year holds back the same', async () => {
    const ops = kept();
    clock = new HandClock(Date.UTC(2027, 5, 1));
    const it = await open({ sinks: { ops }, silences: [silence] });
    await it.write([alertOf({ timeMs: startMs }), resolvedOf({ timeMs: startMs + minute })]);
    await it.advance(startMs + 120 * minute);
    await clock.pass(60 * minute);
    expect(ops.sent).toEqual([]);
  });

  test('that come in before the first row are asked as if they had been there', async () => {
    const ops = kept();
    const it = await open({ sinks: { ops } });
    const weekly = {
      name: 'w',
      match: { key: '*' },
      days: ['thu'],
      from: '00:00',
      to: '01:00',
      endsAt: '2027-01-01T00:00:00Z',
    };
    await it.replaceSilences([], [weekly as never]);
    await it.write([alertOf({ timeMs: startMs + minute })]);
    await clock.pass(10 * minute);
    expect(ops.sent).toEqual([]);
    await it.advance(startMs + 61 * minute);
    await clock.pass(10 * minute);
    expect(idsOf(ops.sent)).toEqual([['a1']]);
  });

  test('may be replaced while alerts fire', async () => {
    const ops = kept();
    const it = await open({ sinks: { ops } });
    await it.write([alertOf({ timeMs: startMs })]);
    await it.replaceSilences([silence]);
    await clock.pass(minute);
    expect(ops.sent).toEqual([]);
    await it.replaceSilences([]);
    await clock.pass(minute);
    expect(idsOf(ops.sent)).toEqual([['a1']]);
  });
});

describe('against a real server', () => {
  let here: Receiver;
  beforeEach(async () => {
    here = await Receiver.start();
  });
  afterEach(() => here.close());
  const webhook = (port: number): AlertSink =>
    webhookSink({
      url: `http://127.0.0.1:${port}/hook`,
      secret: new Secret('s'),
      allow: [`127.0.0.1:${port}`],
      alertsMax: 20_000,
    });
  const told = (receiver: Receiver): Alert[] =>
    (receiver.bodies as { alerts: Alert[] }[]).flatMap(({ alerts }) => alerts);
  /** Quiet turns that the network is given. */
  const network = 8;
  /** Time passes, and the network has its own, until something is so. */
  const until = async (holds: () => boolean): Promise<void> => {
    for (let minutes = 0; minutes < 300 && !holds(); minutes++) await clock.pass(minute, network);
    await expect.poll(holds, { timeout: 10_000 }).toBe(true);
  };

  test('down for an hour, nothing is lost and nothing doubled by id, in order per key, and nobody waits for it', async () => {
    const { port } = here;
    await here.close();
    const path = join(folder, 'alerts.ndjson');
    const it = await open({
      sinks: { hook: webhook(port), file: alertFileSink({ path }) },
      routes: [{ groupBy: ['key'], waitMs: 1000 }],
      queue: { backoffMs: { first: 1000, most: 10 * minute } },
    });
    let slowestMs = 0;
    for (let i = 0; i < 60; i++) {
      const began = performance.now();
      await it.write([
        alertOf({ id: `a${i}`, key: `k${i % 7}` }),
        ...(i >= 7 ? [resolvedOf({ id: `a${i - 7}`, key: `k${i % 7}` })] : []),
      ]);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      await clock.pass(minute, network);
    }
    expect(events.filter(({ type }) => type === 'alert-delivery-failed').length).toBeGreaterThan(5);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(60 + 53);
    here = await Receiver.start(port);
    const waiting = (): number | undefined => it.figures.find(({ sink }) => sink === 'hook')?.waiting;
    await until(() => waiting() === 0);
    const ids = told(here).map(({ id, status }) => `${id} ${status}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(told(here).map(({ id }) => id)).size).toBe(60);
    // Rows of a key came as they are numbered, an end behind the next beginning.
    for (let k = 0; k < 7; k++) {
      const ofKey = told(here).filter(({ key }) => key === `k${k}`);
      const numbers = (status: string) => ofKey.filter((a) => a.status === status).map(({ id }) => Number(id.slice(1)));
      const inOrder = Array.from({ length: Math.ceil((60 - k) / 7) }, (_, i) => 7 * i + k);
      expect({ [k]: numbers('firing') }).toEqual({ [k]: inOrder.filter((i) => numbers('firing').includes(i)) });
      expect({ [k]: numbers('resolved') }).toEqual({ [k]: inOrder.slice(0, -1) });
    }
    const lines = (key: string) =>
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Alert)
        .filter((alert) => alert.key === key);
    for (let k = 0; k < 7; k++) {
      const came = Array.from({ length: Math.ceil((60 - k) / 7) }, (_, i) => 7 * i + k);
      const expected = came.flatMap((i) => [`a${i} firing`, ...(i >= 7 ? [`a${i - 7} resolved`] : [])]);
      expect(lines(`k${k}`).map(({ id, status }) => `${id} ${status}`)).toEqual(expected);
    }
    // Loose on purpose: an ingest that waited for the sink would take its time-out.
    expect(slowestMs).toBeLessThan(5000);
  }, 30_000);

  test('10,000 keys that alarm at once are one message, and their ends another', async () => {
    const it = await open({ sinks: { hook: webhook(here.port) } });
    const keys = Array.from({ length: 10_000 }, (_, i) => i);
    for (let at = 0; at < 10_000; at += 256) {
      await it.write(keys.slice(at, at + 256).map((i) => alertOf({ id: `a${i}`, key: `machine-${i}` })));
    }
    await until(() => it.figures[0]?.waiting === 0);
    expect(here.asked).toHaveLength(1);
    expect(new Set(told(here).map(({ id }) => id)).size).toBe(10_000);
    await it.write(keys.map((i) => resolvedOf({ id: `a${i}`, key: `machine-${i}` })));
    await until(() => it.figures[0]?.waiting === 0);
    expect(here.asked).toHaveLength(2);
    expect(here.bodies[1]).toMatchObject({ status: 'resolved', counts: { firing: 0, resolved: 10_000 } });
  }, 30_000);

  test('opened again with alerts that fire, it tells none of them again and resolves none', async () => {
    const first = await open({ sinks: { hook: webhook(here.port) } });
    await first.write([alertOf({ id: 'a' }), alertOf({ id: 'b', key: 'k' })]);
    await until(() => first.figures[0]?.waiting === 0);
    await first.close(false);
    feed = undefined;
    const again = await open({ sinks: { hook: webhook(here.port) } });
    // A restart replays what the last checkpoint did not cover.
    await again.write([alertOf({ id: 'a' }), alertOf({ id: 'b', key: 'k' })]);
    await clock.pass(60 * minute, network);
    expect(here.asked).toHaveLength(1);
    await again.write([resolvedOf({ id: 'a' })]);
    await until(() => again.figures[0]?.waiting === 0);
    expect(here.asked).toHaveLength(2);
  }, 30_000);
});
