import { describe, expect, test } from 'vitest';
import { table } from '../../../cli/view/table.js';
import { widthOf } from '../../../cli/view/text.js';

const columns = [{ title: 'Key' }, { title: 'Value', align: 'right' as const }, { title: 'Why', gives: true }];
const rows = [
  ['a', '12', 'far above what was expected at this time of the day'],
  ['日本', '1,234', 'short'],
];

describe('table', () => {
  test('columns stand below their titles', () =>
    expect(`\n${table(columns, rows, 100).join('\n')}\n`).toBe(`
Key   Value  Why
────  ─────  ───────────────────────────────────────────────────
a        12  far above what was expected at this time of the day
日本  1,234  short
`));
  test('only the columns that give are cut, and no line is too wide', () => {
    const lines = table(columns, rows, 30);
    expect(`\n${lines.join('\n')}\n`).toBe(`
Key   Value  Why
────  ─────  ─────────────────
a        12  far above what w…
日本  1,234  short
`);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(30);
  });
  test('a table without rows is its titles', () => expect(table(columns, [])).toHaveLength(2));
});
