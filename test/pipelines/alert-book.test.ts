import { describe, expect, test } from 'vitest';
import type { Alert } from '../../event.js';
import { AlertBook, seenMax } from '../../pipelines/alert-book.js';
import type { Timing } from '../../pipelines/alert-group.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

const timing: Timing = { waitMs: 30, intervalMs: 300, repeatMs: 4000, sendResolved: true };
const labels = { rule: 'any' };

/** A book that a test calls in short, with what it hands out at a time. */
class Tried {
  book: AlertBook;
  constructor(
    manner: 'grouped' | 'each' = 'grouped',
    readonly timing_ = timing,
  ) {
    this.book = new AlertBook(manner);
  }
  accept(alert: Alert, nowMs: number, group = 'g'): boolean {
    return this.book.accept(alert, group, labels, this.timing_, nowMs);
  }
  /** What is told at a time: ids with their states. */
  tell(nowMs: number): string | undefined {
    const taken = this.book.take(nowMs);
    if (!taken) return undefined;
    this.book.delivered(taken.receipt, nowMs);
    return taken.delivery.alerts.map(({ id, status, revision }) => `${id} ${status} ${revision}`).join(', ');
  }
}

describe('a group', () => {
  test('waits for others, is told again after the interval if it changed, else after the repeat', () => {
    const tried = new Tried();
    tried.accept(alertOf({ id: 'a' }), 0);
    expect(tried.book.nextMs()).toBe(30);
    expect(tried.tell(29)).toBeUndefined();
    tried.accept(alertOf({ id: 'b' }), 10);
    expect(tried.tell(30)).toBe('a firing 1, b firing 1');
    expect(tried.tell(31)).toBeUndefined();
    tried.accept(alertOf({ id: 'c' }), 40);
    expect(tried.book.nextMs()).toBe(330);
    expect(tried.tell(330)).toBe('a firing 1, b firing 1, c firing 1');
    expect(tried.book.nextMs()).toBe(4330);
    expect(tried.tell(4330)).toBe('a firing 1, b firing 1, c firing 1');
  });

  test('tells ends once, and is gone when all have ended: the next alert is another incident', () => {
    const tried = new Tried();
    tried.accept(alertOf({ id: 'a' }), 0);
    tried.accept(alertOf({ id: 'b' }), 0);
    const first = tried.book.take(30)?.delivery;
    expect(tried.tell(30)).toBeDefined();
    tried.accept(resolvedOf({ id: 'a' }), 100);
    expect(tried.book.take(330)?.delivery).toMatchObject({ status: 'firing', first: false });
    expect(tried.tell(330)).toBe('a resolved 2, b firing 1');
    tried.accept(resolvedOf({ id: 'b' }), 400);
    expect(tried.book.take(700)?.delivery).toMatchObject({ status: 'resolved', group: first?.group });
    expect(tried.tell(700)).toBe('b resolved 2');
    expect(tried.book.nextMs()).toBe(Number.POSITIVE_INFINITY);
    tried.accept(alertOf({ id: 'c' }), 800);
    expect(tried.book.take(830)?.delivery.group).not.toBe(first?.group);
  });

  test('tells an alert as it stands, once, however often it changed', () => {
    const tried = new Tried();
    tried.accept(alertOf(), 0);
    tried.accept(alertOf({ revision: 2, severity: 'critical' }), 1);
    tried.accept(alertOf({ revision: 3, severity: 'critical', labels: { site: 'other' } }), 2, 'another group');
    expect(tried.tell(30)).toBe('a1 firing 3');
    expect(tried.book.nextMs()).toBe(4030);
  });

  test('an end that comes while it is told is told after', () => {
    const tried = new Tried();
    tried.accept(alertOf(), 0);
    const taken = tried.book.take(30);
    tried.accept(resolvedOf(), 31);
    if (taken) tried.book.delivered(taken.receipt, 32);
    expect(tried.tell(332)).toBe('a1 resolved 2');
  });

  test('leaves out ends where they are not wanted', () => {
    const tried = new Tried('grouped', { ...timing, sendResolved: false });
    tried.accept(alertOf(), 0);
    expect(tried.tell(30)).toBe('a1 firing 1');
    tried.accept(resolvedOf(), 100);
    expect(tried.book.nextMs()).toBe(Number.POSITIVE_INFINITY);
  });

  test('in a hurry does not wait, and repeats nothing', () => {
    const tried = new Tried();
    tried.accept(alertOf(), 0);
    expect(tried.book.nextMs(true)).toBe(0);
    const taken = tried.book.take(1, true);
    if (taken) tried.book.delivered(taken.receipt, 1);
    expect(tried.book.nextMs(true)).toBe(Number.POSITIVE_INFINITY);
  });

  test('has the same id when it is tried again, and another for every telling', () => {
    const tried = new Tried();
    tried.accept(alertOf(), 0);
    const id = tried.book.take(30)?.delivery.id;
    expect(tried.book.take(35)?.delivery.id).toBe(id);
    tried.tell(35);
    expect(tried.book.take(4035)?.delivery.id).not.toBe(id);
  });
});

describe('a silenced alert', () => {
  test('is not told until the silence is over, and never if it has ended by then', () => {
    const tried = new Tried();
    tried.accept(alertOf({ id: 'a', silencedBy: 's' }), 0);
    tried.accept(alertOf({ id: 'b', silencedBy: 's' }), 0);
    expect(tried.book.nextMs()).toBe(Number.POSITIVE_INFINITY);
    tried.accept(resolvedOf({ id: 'b', silencedBy: 's' }), 10);
    tried.book.silence('a', undefined, 50);
    expect(tried.tell(80)).toBe('a firing 1');
  });

  test('that was told before is not repeated, but its end is told: no incident stays open', () => {
    const tried = new Tried();
    tried.accept(alertOf(), 0);
    tried.tell(30);
    tried.book.silence('a1', 's', 100);
    expect(tried.book.nextMs()).toBe(Number.POSITIVE_INFINITY);
    tried.accept(resolvedOf({ silencedBy: 's' }), 200);
    expect(tried.tell(500)).toBe('a1 resolved 2');
  });
});

describe('a line', () => {
  test('hands out every change in order, silenced ones too, with its incident', () => {
    const tried = new Tried('each');
    tried.accept(alertOf(), 0);
    tried.accept(alertOf({ id: 'b', silencedBy: 's' }), 0);
    tried.accept(resolvedOf(), 0);
    const alerts = tried.book.take(0)?.delivery.alerts ?? [];
    expect(new Set(alerts.map(({ group }) => group)).size).toBe(1);
    expect(alerts[0].group).toMatch(/^[0-9a-f]{32}$/);
    expect(tried.tell(0)).toBe('a1 firing 1, b firing 1, a1 resolved 2');
    expect(tried.book.waiting).toBe(0);
  });
});

test('a change that was taken before is passed over, also an older one', () => {
  const tried = new Tried();
  expect(tried.accept(alertOf({ revision: 2 }), 0)).toBe(true);
  expect(tried.accept(alertOf({ revision: 2 }), 1)).toBe(false);
  expect(tried.accept(alertOf({ revision: 1 }), 1)).toBe(false);
  expect(seenMax).toBeGreaterThan(10_000);
});

test('10,000 keys that alarm at once are one telling, and their ends another', () => {
  const tried = new Tried();
  for (let i = 0; i < 10_000; i++) tried.accept(alertOf({ id: `a${i}`, key: `k${i}` }), i / 1000);
  expect(tried.tell(30)?.split(', ')).toHaveLength(10_000);
  for (let i = 0; i < 10_000; i++) tried.accept(resolvedOf({ id: `a${i}`, key: `k${i}` }), 100);
  expect(tried.tell(330)?.split(', ')).toHaveLength(10_000);
  expect(tried.book.nextMs()).toBe(Number.POSITIVE_INFINITY);
});

test('a book that was written as JSON goes on as if it had never been closed', () => {
  for (const manner of ['grouped', 'each'] as const) {
    const [one, other] = [new Tried(manner), new Tried(manner)];
    const steps: ((tried: Tried) => unknown)[] = [
      (t) => t.accept(alertOf({ id: 'a' }), 0),
      (t) => t.accept(alertOf({ id: 'b', silencedBy: 's' }), 5),
      (t) => t.tell(30),
      (t) => t.accept(resolvedOf({ id: 'a' }), 50),
      (t) => t.book.silence('b', undefined, 60),
      (t) => t.tell(330),
      (t) => t.accept(resolvedOf({ id: 'b' }), 400),
      (t) => t.tell(700),
      (t) => [t.book.nextMs(), t.book.waiting, [...t.book.open.keys()]],
    ];
    for (const step of steps) {
      expect(step(other)).toEqual(step(one));
      other.book = new AlertBook(manner, JSON.parse(JSON.stringify(other.book.state)));
    }
  }
});

test('a full book gives up what has waited longest', () => {
  const line = new Tried('each');
  line.accept(alertOf({ id: 'a' }), 0);
  line.accept(alertOf({ id: 'b' }), 0);
  expect(line.book.dropOldest()?.id).toBe('a');
  const groups = new Tried();
  groups.accept(alertOf({ id: 'a' }), 0);
  groups.tell(30);
  groups.accept(alertOf({ id: 'b' }), 40);
  expect(groups.book.dropOldest()?.id).toBe('b');
  expect(groups.book.dropOldest()).toBeUndefined();
  expect(groups.book.take(400)).toBeUndefined();
});

test('a full book keeps ends and changes of what was told: their incidents would stay open for good', () => {
  const groups = new Tried();
  groups.accept(alertOf({ id: 'a' }), 0);
  groups.accept(alertOf({ id: 'b' }), 0);
  const told = groups.book.take(30)?.delivery.group;
  groups.tell(30);
  groups.accept(resolvedOf({ id: 'a' }), 40);
  groups.accept(alertOf({ id: 'b', revision: 2 }), 40);
  groups.accept(alertOf({ id: 'due' }), 40);
  groups.accept(alertOf({ id: 'held', silencedBy: 's' }), 50);
  const dropped = [1, 2, 3].map(() => groups.book.dropOldest()?.id);
  expect(dropped).toEqual(['held', 'due', undefined]);
  expect(groups.book.take(330)?.delivery.group).toBe(told);
  expect(groups.tell(330)).toBe('a resolved 2, b firing 2');
});
