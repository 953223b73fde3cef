import { expect, test } from 'vitest';
import { Refused, TryAgain } from '../../connectors/alerts/sink.js';
import { AlertTries } from '../../pipelines/alert-tries.js';

test('waits double from half to all of the first to the longest, and begin again when one has gone', () => {
  const tries = new AlertTries('q', { backoffMs: { first: 1000, most: 5000 } });
  const waits = Array.from({ length: 6 }, () => tries.failed(new TryAgain('away'), 0) ?? 0);
  waits.forEach((waitMs, i) => {
    const most = Math.min(5000, 1000 * 2 ** i);
    expect([waitMs >= most / 2, waitMs <= most]).toEqual([true, true]);
  });
  expect(tries.notBeforeMs(0)).toBe(waits.at(-1));
  tries.went(100);
  expect(tries.failed(new TryAgain('away'), 0)).toBe(waits[0]);
});

test('a receiver may ask for longer, but not for ever', () => {
  const tries = new AlertTries('q', {});
  expect(tries.failed(new TryAgain('busy', 60_000), 0)).toBe(60_000);
  expect(tries.failed(new TryAgain('busy', 1e12), 0)).toBe(3_600_000);
});

test('what is refused is given up, what wants to be mended after its patience, what is down never', () => {
  const tries = new AlertTries('q', { patienceMs: 1000 });
  const wrong = new TryAgain('answered 403', undefined, true);
  expect(tries.failed(new Refused('answered 400'), 0)).toBeUndefined();
  expect(tries.failed(wrong, 0)).toBeGreaterThan(0);
  expect(tries.failed(wrong, 999)).toBeGreaterThan(0);
  expect(tries.failed(wrong, 1000)).toBeUndefined();
  tries.went(1000);
  expect(tries.failed(wrong, 1500)).toBeGreaterThan(0);
  expect(tries.failed(new TryAgain('answered 503'), 1e9)).toBeGreaterThan(0);
});

test('no more go in a time than the rate allows', () => {
  const tries = new AlertTries('q', { rate: { count: 2, perMs: 1000 } });
  tries.went(0);
  expect(tries.notBeforeMs(100)).toBe(Number.NEGATIVE_INFINITY);
  tries.went(300);
  expect(tries.notBeforeMs(400)).toBe(1000);
  expect(tries.notBeforeMs(1000)).toBe(Number.NEGATIVE_INFINITY);
});
