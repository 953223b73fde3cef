import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Batch, Event } from '../../event.js';
import { Chain, toldBy } from '../../operators/chain.js';
import type { Stage } from '../../operators/stage.js';
import { events, shard } from './harness.js';

const closed: string[] = [];
const step = (id: string, take: (batch: Batch<Event>) => Batch<Event>, opens = true): Stage<Event, Event> => ({
  id,
  settings: {},
  tells: { members: [id] },
  open() {
    if (!opens) throw new Error(`${id} does not open`);
    return { operator: map(take), save: () => ({}), close: () => void closed.push(id) };
  },
});
const batch: Batch<Event> = { shard: 's', rows: events([1]), rejects: [], next: 1 };
const nothing = () => undefined;

describe('a chain of steps', () => {
  test('hands each batch through its steps in order, and closes them', () => {
    const double = step('double', (one) => ({ ...one, rows: [...one.rows, ...one.rows] }));
    const chain = new Chain([double, step('next', (one) => ({ ...one, next: one.rows.length }))], shard, nothing);
    expect(chain.push(batch).next).toBe(2);
    expect(Object.keys(chain.save())).toEqual(['double', 'next']);
    chain.close();
    expect(closed.splice(0)).toEqual(['double', 'next']);
  });

  test('throws from push what a step threw, and goes on throwing it', () => {
    const chain = new Chain(
      [
        step('bad', () => {
          throw new Error('spoilt');
        }),
      ],
      shard,
      nothing,
    );
    expect(() => chain.push(batch)).toThrow('spoilt');
    expect(() => chain.push(batch)).toThrow('spoilt');
  });

  test('gives back what was opened when a later step does not open', () => {
    closed.length = 0;
    expect(() => new Chain([step('first', (x) => x), step('second', (x) => x, false)], shard, nothing)).toThrow(
      'second does not open',
    );
    expect(closed).toEqual(['first']);
  });

  test('tells what the last of its steps that tells it says', () =>
    expect(toldBy([step('a', (x) => x), step('b', (x) => x)])).toEqual({ members: ['b'] }));
});
