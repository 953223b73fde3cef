import { expect, test } from 'vitest';
import { type MemoryName, memories, memoryOf } from '../../models/catalog.js';
import { columns } from '../../state/layout.js';

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
