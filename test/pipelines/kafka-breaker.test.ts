import { expect, test } from 'vitest';
import { Breaker } from '../../pipelines/kafka-breaker.js';

test('breaks above its share of a thousand records, and says where', () => {
  const breaker = new Breaker('in-0', 0.1);
  breaker.count(999, 999, 999);
  expect(() => breaker.count(1, 0, 1000)).toThrow(/in-0: 999 of the 1000 records before offset 1000 were refused/);
});

test('at its share it holds, and every thousand is counted anew', () => {
  const breaker = new Breaker('in-0', 0.1);
  for (let i = 1; i <= 20; i++) breaker.count(500, 50, 500 * i);
  breaker.count(900, 0, 10_900);
  expect(() => breaker.count(100, 101, 11_000)).toThrow(/101 of the 1000/);
});
