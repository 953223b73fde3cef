import { expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type MemoryName, memories, memoryOf, withoutPeriods } from '../../models/catalog.js';
import { normalize } from '../../operators/normalize.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { seasons } from '../../operators/seasons.js';
import { columns } from '../../state/layout.js';
import { bits, chance, events, normal, run } from '../operators/harness.js';

test('every memory carries the name it is listed under and has a valid layout', () => {
  const names = Object.keys(memories) as MemoryName[];
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) {
    const model = memoryOf(name, { channels: 2, horizons: [1, 5] });
    expect(model.name).toBe(name);
    expect(model.horizons).toEqual([1, 5]);
    expect(columns(model.keyed).length).toBeGreaterThan(0);
    expect(() => columns(model.shared)).not.toThrow();
  }
});

test('periods say nothing to those that are listed so, and something to others', () => {
  const draw = normal(chance(1));
  const log = events(Array.from({ length: 420 }, (_, t) => Math.sin((2 * Math.PI * t) / 24) + 0.1 * draw()));
  const said = (memory: MemoryName, sees: boolean) =>
    bits(
      run<Event & Remembered>(
        [normalize(), ...(sees ? [seasons()] : []), remember({ memory, horizons: [1, 6] })],
        log,
        { cuts: [64] },
      ).rows.map(({ prediction }) => prediction.mean),
    );
  const others: MemoryName[] = ['seasonal-naive', 'seasonal-rls', 'resonator', 'linear', 'sarimax', 'legendre', 'lstm'];
  for (const memory of withoutPeriods) expect(said(memory, true), memory).toBe(said(memory, false));
  for (const memory of others) expect(said(memory, true), memory).not.toBe(said(memory, false));
});
