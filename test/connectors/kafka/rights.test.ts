import { expect, test } from 'vitest';
import { MissingRight, namingRight, tableWithRights, withRights } from '../../../connectors/kafka/rights.js';

const refused = (type: string): Error => Object.assign(new Error('Not authorized'), { type });

test.each([
  ['as it comes', (error: Error) => error],
  ['as the cause of another', (error: Error) => new Error('gave up', { cause: new Error('again', { cause: error }) })],
  ['among several', (error: Error) => Object.assign(new Error('some'), { errors: [new Error('x'), error] })],
])('a refusal names the right that is missing: %s', (_, wrapped) => {
  const error = wrapped(refused('GROUP_AUTHORIZATION_FAILED'));
  const named = namingRight(error, { topic: 'Read on topic t', group: 'Read on group g' }) as MissingRight;
  expect(named).toBeInstanceOf(MissingRight);
  expect(named.message).toBe(
    'the cluster refuses Read on group g: the user needs that right (docs/OPERATIONS.md, Rights)',
  );
  expect(named.cause).toBe(error);
  // The innermost place knows best.
  expect(namingRight(named, { group: 'Read on group h' })).toBe(named);
});

test('any other error stays what it is', async () => {
  const away = new Error('away');
  expect(namingRight(away, { topic: 'Read on topic t' })).toBe(away);
  const other = refused('TOPIC_AUTHORIZATION_FAILED');
  expect(namingRight(other, { group: 'Read on group g' })).toBe(other);
  await expect(withRights({ topic: 'Read on topic t' }, Promise.reject(other))).rejects.toThrow('Read on topic t');
  expect(await withRights({}, Promise.resolve(7))).toBe(7);
});

test('a table names what it is read and written by', async () => {
  const table = tableWithRights({
    topic: 'state',
    read: () => Promise.reject(refused('TOPIC_AUTHORIZATION_FAILED')),
    write: () => Promise.reject(refused('TOPIC_AUTHORIZATION_FAILED')),
  });
  await expect(table.read('s')).rejects.toThrow('Read on topic state');
  await expect(table.write('s', [])).rejects.toThrow('Write on topic state');
});
