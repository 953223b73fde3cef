import { expect, test } from 'vitest';
import { AlertOutbox, type Sealed } from '../../pipelines/alert-outbox.js';
import { alertOf, deliveryOf } from '../connectors/alerts/server.js';

const sealedOf = (id: string, alerts: number, changes = alerts): Sealed => ({
  delivery: deliveryOf([alertOf()], { id }),
  told: Array.from({ length: alerts }, (_, i) => [`${id}${i}`, 1] as const),
  changes,
});

test('tellings go in order, each until it is delivered, and are counted by their changes', () => {
  const box = new AlertOutbox();
  expect(box.take()).toBeUndefined();
  box.keep(sealedOf('a', 3, 1));
  box.keep(sealedOf('b', 2));
  expect([box.isEmpty, box.waiting, box.sealedAlerts]).toEqual([false, 3, 5]);
  const first = box.take();
  expect(first?.delivery.id).toBe('a');
  expect(box.take()?.delivery.id).toBe('a');
  if (first) for (let again = 0; again < 2; again++) box.delivered(first.receipt);
  expect([box.take()?.delivery.id, box.waiting, box.sealedAlerts]).toEqual(['b', 2, 2]);
});

test('of a line go those that are told, also when the first of them has left meanwhile', () => {
  const box = new AlertOutbox([alertOf({ id: 'a' }), alertOf({ id: 'b' })], []);
  const taken = box.take();
  box.line.push(alertOf({ id: 'c' }));
  box.leaveLine('a', 1);
  if (taken) box.delivered(taken.receipt);
  expect(box.line.map(({ id }) => id)).toEqual(['c']);
});
