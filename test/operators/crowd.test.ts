import { expect, test } from 'vitest';
import {
  beginCrowd,
  crowdLayout,
  join,
  leave,
  memberLayout,
  namesOf,
  openSlot,
  slotOf,
} from '../../operators/crowd.js';
import type { Row } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';

function crowdOf(keys: number) {
  const crowds = new Slab(crowdLayout);
  crowds.add();
  const members = new Slab(memberLayout);
  for (let i = 0; i < keys; i++) members.add();
  const crowd = crowds.row(0) as Row<typeof crowdLayout>;
  beginCrowd(crowd);
  openSlot(crowd, 8);
  const say = (key: number, tail: number, value = 1, name = `k${key}`) =>
    join(crowd, members.row(key), key + 1, 8, { key: name, offset: key, values: [value], tail: [tail], expected: [0] });
  return { crowd, say, slot: slotOf(crowd, 8) };
}

test('a key counts once however many rows it has in a slot, by their mean', () => {
  const { say, slot } = crowdOf(2);
  say(0, 0.05);
  say(1, 0.5, -1);
  expect(slot.keys[0]).toBe(2);
  expect(slot.sums[0]).toBeCloseTo(0.95 - 0.5, 12);
  expect(slot.sums[1]).toBeCloseTo(-Math.log(0.05) - Math.log(0.5), 12);
  expect([slot.sums[2], slot.above[0]]).toEqual([1, 1]);
  say(0, 0.9);
  expect(slot.keys[0]).toBe(2);
  expect(slot.sums[0]).toBeCloseTo((0.95 + 0.1) / 2 - 0.5, 12);
  expect([slot.sums[2], slot.above[0]]).toEqual([0, 0]);
  expect([slot.firstOffset[0], slot.lastOffset[0]]).toEqual([0, 0]);
});

test('the most affected keys are listed in order, and a long name is cut where it is shown', () => {
  const { say, slot } = crowdOf(8);
  [0.5, 0.01, 0.2, 0.04, 0.3, 0.1, 0.02, 0.9].forEach((tail, key) => {
    say(key, tail, 1, key === 3 ? 'é'.repeat(50) : `k${key}`);
  });
  expect(namesOf(slot)).toEqual(['k1', 'k6', `${'é'.repeat(32)}…`, 'k5', 'k2']);
  leave(slot, 7);
  expect(namesOf(slot)).toEqual(['k1', `${'é'.repeat(32)}…`, 'k5', 'k2']);
  // Its mean becomes ordinary: it goes down the list.
  say(1, 1);
  expect(namesOf(slot)[0]).toBe(`${'é'.repeat(32)}…`);
});

test('a slot is empty when it is opened, also one that was passed over', () => {
  const { crowd, say, slot } = crowdOf(1);
  say(0, 0.5);
  expect(slot.keys[0]).toBe(1);
  openSlot(crowd, 11);
  expect([slotOf(crowd, 10).keys[0], slotOf(crowd, 11).keys[0]]).toEqual([0, 0]);
});
