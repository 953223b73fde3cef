import { expect, test } from 'vitest';
import { arrivalLayout, missingNewness, paceNewness } from '../../../operators/evidence/arrival.js';
import { incidentLayout } from '../../../operators/evidence/trust.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

const calm = rowOf(incidentLayout);

test('a burst and a slowing down of the pace are new, jitter is not', () => {
  for (const [factor, isNew] of [
    [1, false],
    [0.05, true],
    [20, true],
  ] as const) {
    const random = chance(2);
    const own = rowOf(arrivalLayout);
    let timeMs = 1e12;
    let newest = 0;
    for (let i = 0; i < 1030; i++) {
      timeMs += (i < 1000 ? 1 : factor) * (50_000 + 20_000 * random());
      const fresh = paceNewness(own, timeMs, calm);
      if (i >= 100) newest = Math.max(newest, fresh);
    }
    expect(newest > 0).toBe(isNew);
  }
});

test('single missing values are no news', () => {
  const own = rowOf(arrivalLayout);
  const told = Array.from({ length: 300 }, (_, i) => missingNewness(own, i % 20 === 7 ? 1 : 0, calm));
  expect(Math.max(...told)).toBe(0);
});
