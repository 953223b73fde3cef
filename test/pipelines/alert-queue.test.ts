import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AlertSink, type Delivery, Refused, TryAgain } from '../../connectors/alerts/sink.js';
import type { Alert } from '../../event.js';
import type { Way } from '../../pipelines/alert-note.js';
import { AlertQueue, type QueueEvent, type QueueOptions } from '../../pipelines/alert-queue.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';
import { HandClock, settled } from './hand-clock.js';

const way: Way = {
  group: 'g',
  labels: {},
  timing: { waitMs: 30_000, intervalMs: 300_000, repeatMs: 0, sendResolved: true },
};
const minute = 60_000;

/** A sink that keeps what it is sent, and fails as told. */
class Kept implements AlertSink {
  readonly sent: Delivery[] = [];
  readonly tries: number[] = [];
  fault: (() => Error) | undefined;
  constructor(
    readonly manner: AlertSink['manner'],
    readonly clock: HandClock,
  ) {}
  async send(delivery: Delivery): Promise<void> {
    this.tries.push(this.clock.nowMs());
    if (this.fault) throw this.fault();
    this.sent.push(delivery);
  }
  close = (): Promise<void> => Promise.resolve();
  get alerts(): string[] {
    return this.sent.flatMap(({ alerts }) => alerts.map(({ id, revision }) => `${id}-${revision}`));
  }
}

let folder: string;
let clock: HandClock;
let events: QueueEvent[];
const opened: AlertQueue[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engram-queue-'));
  clock = new HandClock();
  events = [];
});
afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});
async function openQueue(sink: AlertSink, options: QueueOptions = {}): Promise<AlertQueue> {
  const queue = await AlertQueue.open('q', sink, folder, options, clock, (event) => events.push(event));
  opened.push(queue);
  return queue;
}
const changes = (...alerts: Alert[]) => alerts.map((alert) => ({ alert, way }));

test('hands on what comes, in order, and nothing twice', async () => {
  const sink = new Kept('each', clock);
  const queue = await openQueue(sink);
  await queue.accept(changes(alertOf(), alertOf({ id: 'b' })));
  await queue.accept(changes(resolvedOf(), alertOf({ id: 'b' })));
  await settled();
  expect(sink.alerts).toEqual(['a1-1', 'b-1', 'a1-2']);
});

test('a sink that is away is tried again after longer and longer waits, and then gets all in order', async () => {
  const sink = new Kept('each', clock);
  sink.fault = () => new TryAgain('away');
  const queue = await openQueue(sink, { backoffMs: { first: 1000, most: 60_000 } });
  for (let i = 0; i < 50; i++) await queue.accept(changes(alertOf({ id: `a${i}` })));
  await clock.pass(10 * minute);
  const waits = sink.tries.slice(1).map((at, i) => at - (sink.tries[i] as number));
  expect(waits.slice(0, 5).every((wait, i) => wait >= 500 * 2 ** i && wait <= 1000 * 2 ** i)).toBe(true);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  expect(waits.length).toBeLessThan(25);
  expect(queue.waiting).toBe(50);
  sink.fault = undefined;
  await clock.pass(2 * minute);
  expect(sink.alerts).toEqual(Array.from({ length: 50 }, (_, i) => `a${i}-1`));
  expect(events.filter(({ type }) => type === 'alert-delivery-failed').length).toBe(sink.tries.length - 1);
});

test('waits as long as the receiver says', async () => {
  const sink = new Kept('each', clock);
  sink.fault = () => new TryAgain('busy', 7 * minute);
  const queue = await openQueue(sink);
  await queue.accept(changes(alertOf()));
  await clock.pass(20 * minute);
  expect(sink.tries.slice(0, 3).map((at) => at - (sink.tries[0] as number))).toEqual([0, 7 * minute, 14 * minute]);
});

test('what is refused for good is kept beside, and does not hold up the rest', async () => {
  const sink = new Kept('each', clock);
  sink.fault = () => new Refused('answered 400');
  const queue = await openQueue(sink);
  await queue.accept(changes(alertOf()));
  await settled(20);
  sink.fault = undefined;
  await queue.accept(changes(alertOf({ id: 'b' })));
  await settled(20);
  expect(sink.alerts).toEqual(['b-1']);
  const kept = JSON.parse(readFileSync(join(folder, 'refused.ndjson'), 'utf8')) as {
    error: string;
    delivery: Delivery;
  };
  expect(kept).toMatchObject({ error: 'answered 400', delivery: { alerts: [{ id: 'a1' }] } });
  expect(events.map(({ type }) => type)).toEqual(['alert-refused', 'alert-delivered']);
});

test('what is refused is there before anybody is told where', async () => {
  const sink = new Kept('each', clock);
  sink.fault = () => new Refused('answered 400');
  const found: boolean[] = [];
  const queue = await AlertQueue.open('q', sink, folder, {}, clock, ({ type }) => {
    if (type === 'alert-refused') found.push(existsSync(join(folder, 'refused.ndjson')));
  });
  opened.push(queue);
  await queue.accept(changes(alertOf()));
  await settled(20);
  expect(found).toEqual([true]);
});

describe('a receiver whose token or address is wrong', () => {
  const denied = () => new TryAgain('answered 403', undefined, true);
  const refusals = () => events.filter(({ type }) => type === 'alert-refused').length;

  test('loses nothing when it is mended within the patience of the queue', async () => {
    const sink = new Kept('each', clock);
    sink.fault = denied;
    const queue = await openQueue(sink, { patienceMs: 120 * minute });
    await queue.accept(changes(alertOf(), alertOf({ id: 'b' })));
    await clock.pass(110 * minute);
    sink.fault = undefined;
    await clock.pass(10 * minute);
    expect({ told: sink.alerts, refused: refusals() }).toEqual({ told: ['a1-1', 'b-1'], refused: 0 });
  });

  test('loses one delivery a patience when it is not, and one that fails alone lets the next go', async () => {
    const sink = new Kept('grouped', clock);
    sink.fault = denied;
    const queue = await openQueue(sink, { patienceMs: 60 * minute });
    for (const id of ['a', 'b', 'c']) await queue.accept([{ alert: alertOf({ id }), way: { ...way, group: id } }]);
    await clock.pass(59 * minute);
    expect(refusals()).toBe(0);
    await clock.pass(10 * minute);
    expect(refusals()).toBe(1);
    await clock.pass(50 * minute);
    expect({ refused: refusals(), waiting: queue.waiting }).toEqual({ refused: 1, waiting: 2 });
    sink.fault = undefined;
    await clock.pass(10 * minute);
    expect(sink.alerts).toEqual(['b-1', 'c-1']);
    expect(readFileSync(join(folder, 'refused.ndjson'), 'utf8')).toContain('answered 403');
  });

  test('one that is down is tried for as long as it is', async () => {
    const sink = new Kept('each', clock);
    sink.fault = () => new TryAgain('answered 503');
    const queue = await openQueue(sink, { patienceMs: 1 });
    await queue.accept(changes(alertOf()));
    await clock.pass(60 * minute);
    expect({ refused: refusals(), waiting: queue.waiting }).toEqual({ refused: 0, waiting: 1 });
  });
});

test('so many deliveries in a time and no more; the others are told together', async () => {
  const sink = new Kept('grouped', clock);
  const queue = await openQueue(sink, { rate: { count: 2, perMs: 60 * minute } });
  for (let i = 0; i < 6; i++) {
    await queue.accept([{ alert: alertOf({ id: `a${i}` }), way: { ...way, group: `g${i % 2}` } }]);
    await clock.pass(10 * minute);
  }
  await clock.pass(120 * minute);
  expect(sink.sent.length).toBeLessThanOrEqual(5);
  expect(new Set(sink.alerts).size).toBe(6);
});

describe('a full queue', () => {
  test.each([
    ['drop-oldest', ['a2-1', 'a3-1', 'a4-1']],
    ['drop-newest', ['a0-1', 'a1-1', 'a2-1']],
  ] as const)('%s', async (whenFull, left) => {
    const sink = new Kept('each', clock);
    sink.fault = () => new TryAgain('away');
    const queue = await openQueue(sink, { limit: 3, whenFull });
    for (let i = 0; i < 5; i++) await queue.accept(changes(alertOf({ id: `a${i}` })));
    expect(events.filter(({ type }) => type === 'alert-dropped')).toHaveLength(2);
    sink.fault = undefined;
    await clock.pass(10 * minute);
    expect(sink.alerts).toEqual(left);
  });
});

describe('a queue of groups that is full', () => {
  const droppedIds = () => events.flatMap((event) => (event.type === 'alert-dropped' ? [event.id] : []));

  test('of alerts that were told and fire takes no more of them, says so, and lets changes and ends in', async () => {
    const sink = new Kept('grouped', clock);
    const queue = await openQueue(sink, { limit: 2 });
    await queue.accept(changes(alertOf({ id: 'a' }), alertOf({ id: 'b' })));
    await clock.pass(minute);
    await queue.accept(changes(alertOf({ id: 'c' }), resolvedOf({ id: 'c' })));
    await queue.accept(changes(alertOf({ id: 'a' }), alertOf({ id: 'a', revision: 2 }), resolvedOf({ id: 'b' })));
    expect(droppedIds()).toEqual(['c', 'c']);
    await clock.pass(10 * minute);
    expect(sink.alerts).toEqual(['a-1', 'b-1', 'a-2', 'b-2']);
    await queue.accept(changes(alertOf({ id: 'd' })));
    expect(droppedIds()).toHaveLength(2);
  });

  test('gives up nothing that is on its way, and another process gives up the same', async () => {
    const sink = new Kept('grouped', clock);
    let answer: () => void = () => {};
    const { send } = Kept.prototype;
    sink.send = async (delivery) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await send.call(sink, delivery);
    };
    const queue = await openQueue(sink, { limit: 2 });
    await queue.accept(changes(alertOf({ id: 'a' })));
    await clock.pass(minute);
    await queue.accept(changes(alertOf({ id: 'b' }), alertOf({ id: 'c' })));
    expect(droppedIds()).toEqual(['b']);
    answer();
    await settled(20);
    await queue.close();
    opened.pop();
    const second = new Kept('grouped', clock);
    await openQueue(second, { limit: 2 });
    await clock.pass(10 * minute);
    expect(second.alerts).toEqual(['a-1', 'c-1']);
  });
});

test('a line is no longer than its limit, ends included', async () => {
  const sink = new Kept('each', clock);
  sink.fault = () => new TryAgain('away');
  const queue = await openQueue(sink, { limit: 3 });
  for (let i = 0; i < 50; i++) await queue.accept(changes(alertOf({ id: `a${i}` }), resolvedOf({ id: `a${i}` })));
  expect(queue.waiting).toBe(3);
});

test('a replay over a full queue gives up nothing that it knows', async () => {
  const sink = new Kept('each', clock);
  sink.fault = () => new TryAgain('away');
  const queue = await openQueue(sink, { limit: 2 });
  for (let again = 0; again < 3; again++) await queue.accept(changes(alertOf({ id: 'a' }), alertOf({ id: 'b' })));
  expect(events.filter(({ type }) => type === 'alert-dropped')).toEqual([]);
  expect(queue.waiting).toBe(2);
});

describe('another process', () => {
  test('goes on with what waits, tells nothing again, and knows what it was told before', async () => {
    const first = new Kept('grouped', clock);
    const queue = await openQueue(first);
    await queue.accept(changes(alertOf(), alertOf({ id: 'b' })));
    await clock.pass(minute);
    expect(first.alerts).toEqual(['a1-1', 'b-1']);
    await queue.accept(changes(resolvedOf()));
    await queue.close();
    opened.pop();
    await clock.pass(minute);
    const second = new Kept('grouped', clock);
    const again = await openQueue(second);
    await again.accept(changes(alertOf(), alertOf({ id: 'b' }), resolvedOf()));
    await clock.pass(10 * minute);
    expect(second.sent.map(({ alerts }) => alerts.map(({ id, status }) => `${id} ${status}`))).toEqual([
      ['a1 resolved', 'b firing'],
    ]);
    expect([...again.open.keys()]).toEqual(['b']);
  });

  test('after many changes finds one small segment', async () => {
    const sink = new Kept('each', clock);
    const queue = await openQueue(sink, { segmentBytes: 4096 });
    for (let i = 0; i < 100; i++) {
      await queue.accept(changes(alertOf({ id: `a${i}` }), resolvedOf({ id: `a${i}` })));
      await settled(1);
    }
    await queue.close();
    opened.pop();
    const [segment, ...others] = readdirSync(folder).filter((name) => name.endsWith('.seg'));
    expect(others).toEqual([]);
    expect(segment).not.toBe('0000000001.seg');
    expect(readFileSync(join(folder, segment as string)).length).toBeLessThan(40_000);
    const next = new Kept('each', clock);
    const again = await openQueue(next);
    await again.accept(changes(alertOf({ id: 'a99' }), alertOf({ id: 'new' })));
    await settled(20);
    expect(next.alerts).toEqual(['new-1']);
  });
});

test('in a hurry it hands on what waits, and gives up when its time is over', async () => {
  const sink = new Kept('grouped', clock);
  const queue = await openQueue(sink);
  await queue.accept(changes(alertOf()));
  await queue.drain(minute);
  expect(sink.alerts).toEqual(['a1-1']);
  sink.fault = () => new TryAgain('away');
  await queue.accept(changes(resolvedOf()));
  const drained = queue.drain(minute);
  await clock.pass(2 * minute);
  await drained;
  expect(queue.waiting).toBe(1);
});

test('in a hurry it gives a slow receiver its time as long as that takes something', async () => {
  const sink = new Kept('grouped', clock);
  const { send } = Kept.prototype;
  sink.send = async (delivery) => {
    await clock.sleep(8000, new AbortController().signal);
    await send.call(sink, delivery);
  };
  const queue = await openQueue(sink);
  for (const id of ['a', 'b', 'c']) await queue.accept([{ alert: alertOf({ id }), way: { ...way, group: id } }]);
  let done = false;
  const drained = queue.drain(10_000).then(() => {
    done = true;
  });
  await clock.pass(minute);
  await drained;
  expect([done, sink.alerts]).toEqual([true, ['a-1', 'b-1', 'c-1']]);
});

test('a silence that begins or ends is noted, also for the next process', async () => {
  const sink = new Kept('grouped', clock);
  const queue = await openQueue(sink);
  await queue.accept(changes(alertOf({ silencedBy: 's' })));
  await queue.silence(() => undefined, 0);
  await queue.silence(() => 't', 0);
  await queue.close();
  opened.pop();
  const again = await openQueue(sink);
  await clock.pass(minute);
  expect(sink.alerts).toEqual([]);
  await again.silence(() => undefined, 0);
  await clock.pass(minute);
  expect(sink.sent[0]?.alerts[0]?.silencedBy).toBeUndefined();
  expect(sink.alerts).toEqual(['a1-1']);
});
