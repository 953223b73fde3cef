import { expect, test } from 'vitest';
import type { Reject } from '../../event.js';
import { Breaker } from '../../pipelines/kafka-breaker.js';

const rejects = (count: number, reason = 'missing-column', from = 0): Reject[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ shard: 'in-0', offset: from + i, stage: 'decode', reason, raw: '' },
    message: `expected a field "value"${'!'.repeat(500)}`,
  }));

test('breaks above its share of a thousand records, and says where and what for', () => {
  const breaker = new Breaker('in-0', 0.1);
  breaker.count(40, rejects(40, 'not-json', 0), 40);
  breaker.count(959, rejects(959, 'missing-column', 40), 999);
  const broken = (): void => breaker.count(1, [], 1000);
  expect(broken).toThrow(/in-0: 999 of the 1000 records before offset 1000 were refused/);
  expect(broken).toThrow(
    /Most often: decode\/missing-column, 959 times, first at offset 40 \(expected a field "value"!{1,180}\)/,
  );
});

test('at its share it holds, and every thousand is counted anew', () => {
  const breaker = new Breaker('in-0', 0.1);
  for (let i = 1; i <= 20; i++) breaker.count(500, rejects(50), 500 * i);
  breaker.count(900, [], 10_900);
  expect(() => breaker.count(100, rejects(101), 11_000)).toThrow(/101 of the 1000/);
});
