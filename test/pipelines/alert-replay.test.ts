import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AlertSink, type Delivery, TryAgain } from '../../connectors/alerts/sink.js';
import type { Alert } from '../../event.js';
import { AlertFeed, type AlertFeedOptions } from '../../pipelines/alert-feed.js';
import { AlertPreview } from '../../pipelines/alert-preview.js';
import { chance } from '../chance.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';
import { HandClock, settled } from './hand-clock.js';

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const start = Date.UTC(2026, 0, 1);
const iso = (ms: number): string => new Date(ms).toISOString();

/** What a log makes: changes of alerts, each at its time, and how far time goes. */
interface Log {
  readonly changes: readonly Alert[];
  readonly endMs: number;
}
const fires = (id: string, atMs: number, more: Partial<Alert> = {}): Alert =>
  alertOf({ id, key: id, startsAt: iso(atMs), timeMs: atMs, ...more });
const ends = (id: string, atMs: number, more: Partial<Alert> = {}): Alert =>
  resolvedOf({ id, key: id, endsAt: iso(atMs), timeMs: atMs, ...more });

/** A random log of alerts that come, get worse and go over some hours, in the order of time. */
function logOf(seed: number, alerts = 40): Log {
  const random = chance(seed);
  const changes: Alert[] = [];
  for (let i = 0; i < alerts; i++) {
    const at = start + Math.floor(random() * 12 * hour);
    const worse = at + Math.floor(random() * 10 * minute);
    const end = worse + Math.floor(random() * 3 * hour);
    changes.push(fires(`a${i}`, at));
    if (random() < 0.5) changes.push(fires(`a${i}`, worse, { revision: 2, severity: 'critical', startsAt: iso(at) }));
    if (random() < 0.9) changes.push(ends(`a${i}`, end, { revision: 3 }));
  }
  // Now and then many keys at once, which some of those are part of.
  for (let i = 0; i < 4; i++) {
    const at = start + Math.floor(random() * 12 * hour);
    const of = { key: 'a0', startsAt: iso(at), severity: 'info', together: { keys: 9, of: 10 } } as const;
    changes.push(fires(`crowd${i}`, at + 20 * minute, of));
    const end = at + 40 * minute + Math.floor(random() * hour);
    changes.push(ends(`crowd${i}`, end, { ...of, endsAt: iso(end - 10 * minute) }));
  }
  changes.sort((a, b) => a.timeMs - b.timeMs || a.revision - b.revision);
  return { changes, endMs: start + 16 * hour };
}

class Kept implements AlertSink {
  readonly sent: Delivery[] = [];
  fault: (() => Error) | undefined;
  constructor(readonly manner: AlertSink['manner'] = 'grouped') {}
  async send(delivery: Delivery): Promise<void> {
    if (this.fault) throw this.fault();
    this.sent.push(delivery);
  }
  close = (): Promise<void> => Promise.resolve();
  get told(): string[] {
    return this.sent.map(({ alerts }) => alerts.map(({ id, status }) => `${id} ${status}`).join(', '));
  }
}

let folder: string;
const opened: AlertFeed[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engram-alert-replay-'));
});
afterEach(async () => {
  for (const feed of opened.splice(0)) await feed.close(false);
});
async function open(sink: AlertSink, clock: HandClock, options: Partial<AlertFeedOptions> = {}): Promise<AlertFeed> {
  const feed = await AlertFeed.open({ folder, sinks: { ops: sink }, clock, time: 'log', ...options });
  opened.push(feed);
  return feed;
}
async function end(feed: AlertFeed, complete: boolean): Promise<void> {
  opened.splice(opened.indexOf(feed), 1);
  await feed.close(complete);
}

/** Replays a log: the clock stands still, and time is that of the rows, which come in slices. */
async function replay(log: Log, slice: number, options: Partial<AlertFeedOptions> = {}): Promise<Delivery[]> {
  const sink = new Kept();
  const feed = await open(sink, new HandClock(), { folder: mkdtempSync(join(tmpdir(), 'engram-slice-')), ...options });
  for (let at = 0; at < log.changes.length; at += slice) {
    const part = log.changes.slice(at, at + slice);
    await feed.write(part);
    await feed.advance(part.at(-1)?.timeMs ?? 0);
  }
  await feed.advance(log.endMs);
  await settled();
  await end(feed, false);
  return sink.sent;
}

/** The same log as it comes live: rows every ten minutes, and the clock goes with them. */
async function live({ changes, endMs }: Log, options: Partial<AlertFeedOptions> = {}): Promise<Delivery[]> {
  const sink = new Kept();
  const clock = new HandClock(start);
  const place = { folder: mkdtempSync(join(tmpdir(), 'engram-live-')), time: 'live' as const };
  const feed = await open(sink, clock, { ...place, ...options });
  let next = 0;
  for (let rowMs = start; rowMs <= endMs; rowMs += 10 * minute) {
    for (; next < changes.length && changes[next].timeMs < rowMs; next++) {
      await clock.pass(changes[next].timeMs - clock.nowMs(), 1);
      await feed.write([changes[next]]);
    }
    await clock.pass(rowMs - clock.nowMs(), 1);
    await feed.advance(rowMs);
  }
  await end(feed, false);
  return sink.sent;
}
const short = (sent: readonly Delivery[]) =>
  sent.map(({ id, status, alerts }) => [id, status, alerts.map((a) => `${a.id} ${a.status} ${a.revision}`).join(', ')]);

describe('a replay', () => {
  test('tells a jump of all keys in one message where a dead key has been told long before, as a live run and the preview do', async () => {
    const at = start + 2 * hour;
    const crowd = { key: 'a0', startsAt: iso(at), together: { keys: 9, of: 10 } };
    const jump = Array.from({ length: 9 }, (_, i) => fires(`a${i}`, at + i * second));
    const over = jump.map(({ id, startsAt, timeMs }) => ends(id, timeMs + 6 * minute, { startsAt }));
    const changes = [fires('dead', start), ...jump, fires('crowd', at + 20 * second, crowd), ...over];
    const log = { changes, endMs: at + 10 * minute };
    const told = await replay(log, 1);
    expect(told.map(({ alerts }) => alerts.map(({ id }) => id))).toEqual([['dead'], ['dead', 'crowd']]);
    expect(short(await replay(log, 1000))).toEqual(short(told));
    expect(short(await live(log))).toEqual(short(told));
    const preview = new AlertPreview(['any'], start, log.endMs);
    await preview.write(changes);
    await preview.advance(log.endMs);
    expect(preview.sum().rules[0]).toMatchObject({ messages: 2, told: 2 });
  });

  test.each([1, 2, 3])(
    'tells what a live run tells, in the same deliveries, however the log is cut (seed %d)',
    async (seed) => {
      const log = logOf(seed);
      const told = short(await replay(log, 1));
      expect(told.length).toBeGreaterThan(20);
      expect(short(await replay(log, 7))).toEqual(told);
      expect(short(await replay(log, 1000))).toEqual(told);
      expect(short(await live(log))).toEqual(told);
    },
    60_000,
  );

  test('and the preview counts as many messages', async () => {
    const log = logOf(4);
    const preview = new AlertPreview(['any']);
    preview.addRows([{ timeMs: start }, { timeMs: log.endMs }]);
    await preview.write(log.changes);
    await preview.advance(log.endMs);
    expect(preview.sum().rules[0]?.messages).toBe((await replay(log, 50)).length);
  });

  test('tells of an alert that fired an hour before a silence of it began', async () => {
    const times = { startsAt: iso(start + 2 * hour), endsAt: iso(start + 9 * hour) };
    const silences = [{ name: 'repair', match: { key: '*' }, ...times }];
    const log: Log = {
      changes: [
        fires('early', start + hour),
        // Its wait is not over when the silence begins: nobody hears of it.
        fires('late', start + 2 * hour - 10 * second),
        fires('within', start + 3 * hour),
        ends('within', start + 4 * hour),
        ends('late', start + 5 * hour),
        ends('early', start + 6 * hour),
      ],
      endMs: start + 8 * hour,
    };
    const options = { silences, routes: [{ groupBy: ['key'], repeatMs: 0 }] };
    const told = short(await replay(log, 1000, options));
    expect(told.map(([, , alerts]) => alerts)).toEqual(['early firing 1', 'early resolved 2']);
    expect(short(await live(log, options))).toEqual(told);
  });

  test('killed again and again and gone on with tells the same, each once', async () => {
    const log = logOf(5, 16);
    const sink = new Kept();
    const silences = [
      { name: 'x', match: { key: 'a1*' }, startsAt: iso(start + 3 * hour), endsAt: iso(start + 7 * hour) },
    ];
    const undisturbed = short(await replay(log, 1, { silences }));
    expect(undisturbed).not.toEqual(short(await replay(log, 1)));
    for (let at = 0; at < log.changes.length; at += 3) {
      const feed = await open(sink, new HandClock(), { silences });
      // A checkpoint is older than the crash: some come again.
      await feed.write(log.changes.slice(Math.max(0, at - 12), at + 3));
      await settled(1);
      await end(feed, false);
    }
    const last = await open(sink, new HandClock(), { silences });
    await last.advance(log.endMs);
    await settled();
    expect(short(sink.sent)).toEqual(undisturbed);
  });

  test('with a receiver that is down loses nothing and joins nothing; the next run hands it all on', async () => {
    const log = logOf(6);
    const whole = short(await replay(log, 1));
    const sink = new Kept();
    sink.fault = () => new TryAgain('away');
    const clock = new HandClock();
    const first = await open(sink, clock);
    await first.write(log.changes);
    await first.advance(log.endMs);
    await clock.pass(3 * hour);
    await end(first, false);
    sink.fault = undefined;
    await open(sink, clock);
    await clock.pass(minute);
    expect(short(sink.sent)).toEqual(whole);
  });

  test('at the limit of its queue joins what waits, and tells all the same what was due before a silence', async () => {
    const sink = new Kept();
    sink.fault = () => new TryAgain('away');
    const clock = new HandClock();
    const silences = [
      { name: 's', match: { key: '*' }, startsAt: iso(start + 5 * hour), endsAt: iso(start + 9 * hour) },
    ];
    const feed = await open(sink, clock, { queue: { limit: 3 }, routes: [{ repeatMs: 0 }], silences });
    await feed.write([
      fires('a', start),
      fires('b', start + hour),
      fires('c', start + 2 * hour),
      ends('a', start + 6 * hour),
    ]);
    await feed.advance(start + 8 * hour);
    await settled();
    sink.fault = undefined;
    await clock.pass(10 * minute);
    expect(sink.told).toEqual(['a firing', 'a firing, b firing', 'a resolved, c firing']);
  });

  test('held to a rate tells the same, later', async () => {
    const log = logOf(7);
    const [sink, clock] = [new Kept(), new HandClock()];
    const feed = await open(sink, clock, { queue: { rate: { count: 2, perMs: hour } } });
    await feed.write(log.changes);
    await feed.advance(log.endMs);
    await clock.pass(minute);
    expect(sink.sent).toHaveLength(2);
    await clock.pass(100 * hour);
    expect(short(sink.sent)).toEqual(short(await replay(log, 1)));
  });

  test('of one shard after another takes the time of each as it is', async () => {
    const sink = new Kept();
    const feed = await open(sink, new HandClock());
    for (const shard of ['p0', 'p1']) {
      await feed.write([fires(`${shard}-x`, start + hour), ends(`${shard}-x`, start + 2 * hour)]);
      await feed.write([fires(`${shard}-y`, start + 20 * hour), ends(`${shard}-y`, start + 21 * hour)]);
      await feed.advance(start + 48 * hour);
    }
    await settled();
    const both = (key: string) => [`${key}-x firing`, `${key}-x resolved`, `${key}-y firing`, `${key}-y resolved`];
    expect(sink.told).toEqual([...both('p0'), ...both('p1')]);
  });
});

describe('a log that may go on', () => {
  test('moves time by its rows, and by the clock where none comes', async () => {
    const [sink, clock] = [new Kept(), new HandClock()];
    const feed = await open(sink, clock, { time: 'pipe' });
    await feed.write([fires('a', start), ends('a', start + hour), fires('b', start + 2 * hour)]);
    await feed.advance(start + 2 * hour + second);
    await settled();
    expect(sink.told).toEqual(['a firing', 'a resolved']);
    await clock.pass(20 * second);
    expect(sink.told).toHaveLength(2);
    await clock.pass(20 * second);
    expect(sink.told).toEqual(['a firing', 'a resolved', 'b firing']);
  });
});

test('who keeps the state is told how it is now, without what is part of one of many keys, and of nothing silenced that was due', async () => {
  const [sink, clock] = [new Kept('state'), new HandClock(start)];
  const silences = [{ name: 's', match: { key: 'early' }, startsAt: iso(start + hour), endsAt: iso(start + 9 * hour) }];
  const feed = await open(sink, clock, { silences });
  const crowd = { startsAt: iso(start + 2 * hour), together: { keys: 9, of: 10 } };
  await feed.write([
    fires('early', start),
    fires('a', start + 2 * hour),
    fires('crowd', start + 2 * hour + minute, crowd),
  ]);
  await feed.write([ends('early', start + 3 * hour)]);
  await clock.pass(2 * second);
  expect(sink.told.at(-1)).toBe('early resolved, crowd firing');
  expect(new Set(sink.sent.flatMap(({ alerts }) => alerts.map(({ id }) => id)))).toEqual(new Set(['early', 'crowd']));
});

describe('a live run with hours to catch up', () => {
  test('tells of them together as they stand, and of what was due before a silence all the same', async () => {
    const [sink, clock] = [new Kept(), new HandClock(start + 12 * hour)];
    const silences = [
      { name: 's', match: { key: 'a*' }, startsAt: iso(start + 2 * hour), endsAt: iso(start + 20 * hour) },
    ];
    const feed = await open(sink, clock, { time: 'live', silences });
    for (let i = 0; i < 30; i++) await feed.write([fires(`b${i}`, start + i * minute)]);
    await feed.write([fires('a1', start + hour)]);
    await feed.write([fires('a2', start + 3 * hour)]);
    await feed.advance(start + 11 * hour);
    await clock.pass(minute);
    expect(sink.sent).toHaveLength(1);
    const ids = sink.sent[0]?.alerts.map(({ id }) => id) ?? [];
    expect(ids.filter((id) => id.startsWith('b'))).toHaveLength(30);
    expect(ids.filter((id) => id.startsWith('a'))).toEqual(['a1']);
  });
});
