import { expect, test } from 'vitest';
import { severities } from '../../event.js';
import { spanOf } from '../../operators/anomaly-span.js';

test('cells are told by their names, the severity by its own', () => {
  const names = ['startMs', 'endMs', 'startOffset', 'endOffset', 'peakMs', 'peakOffset', 'alarms', 'score'] as const;
  const cells = Object.fromEntries(names.map((name, i) => [name, [10 + i]])) as Record<
    (typeof names)[number],
    number[]
  >;
  for (const [level, severity] of severities.entries()) {
    const told = spanOf({ ...cells, severity: [level] });
    expect(told).toEqual({ ...Object.fromEntries(names.map((name, i) => [name, 10 + i])), severity });
  }
});
