import { expect, test } from 'vitest';
import { type Detected, detect, type Judged } from '../../operators/detect.js';
import { chance, normal, run } from './harness.js';
import { tailOf } from './tail.js';

const keys = 60;
const minutes = 2000;
const incident = 1900;
const struck = 20;

/** Sixty keys that report every minute; in one minute twenty of them show 25 deviations, and half an hour later one other does. */
function rows(): Judged[] {
  const z = normal(chance(7));
  return Array.from({ length: keys * minutes }, (_, offset): Judged => {
    const [key, minute] = [offset % keys, Math.floor(offset / keys)];
    const strange = (minute === incident && key < struck) || (minute === incident + 30 && key === keys - 1);
    const value = z() + (strange ? 25 : 0);
    const timeMs = 1e12 + 60_000 * minute;
    return { key: `k${key}`, timeMs, values: [value], offset, tail: [tailOf(value)], expected: [0] };
  });
}

test('a budget over all keys tells a plain incident in every key that has it and is awake, the next one too, and little before', () => {
  const budget = { alarms: 50, per: 'all', every: '1d' } as const;
  const told = run<Judged & Detected>([detect({ evidence: 'all', budget })], rows(), { cuts: [600] }).rows;
  const alarms = told.filter(({ alarm }) => alarm).map(({ offset }) => [Math.floor(offset / keys), offset % keys]);
  const keysOf = (from: number, to: number) =>
    alarms.filter(([minute]) => (minute as number) >= from && (minute as number) < to).map(([, key]) => key);
  // A key is silent for 20 rows after an alarm, here one by chance.
  const silent = keysOf(incident - 20, incident);
  expect(silent.length).toBeLessThan(3);
  const awake = Array.from({ length: struck }, (_, key) => key).filter((key) => !silent.includes(key));
  expect(keysOf(incident, incident + 1)).toEqual(awake);
  expect(alarms).toContainEqual([incident + 30, keys - 1]);
  // 66 were granted until then.
  expect(alarms.filter(([minute]) => (minute as number) < incident).length).toBeLessThan(1.25 * 66);
});
