import { type Bundle, type Owner, type SavedColumn, type SavedRows, StateMismatch, savedRows } from './arrow.js';
import { type KeyLimit, Keys } from './keys.js';
import { describe, type Layout } from './layout.js';
import type { Slab } from './slab.js';

/**
 * Fills an empty slab from a saved table and returns its keys; throws `StateMismatch`, with the slab still empty, when
 * the table is not its own.
 */
export function openSlab<L extends Layout>(
  slab: Slab<L>,
  saved: Bundle,
  name: string,
  { id, version }: Owner,
  policy: KeyLimit,
): Keys {
  if (slab.length > 0) throw new RangeError(`step ${id}: expected an empty slab to open, got ${slab.length} rows`);
  const table = Object.hasOwn(saved, name) ? saved[name] : undefined;
  if (!table) {
    const names = Object.keys(saved).join(', ');
    throw new StateMismatch(`step ${id}: expected a table "${name}" in the checkpoint, found ${names || 'none'}`);
  }
  const rows = savedRows(table);
  refuseOthers(rows, { id, version }, describe(slab.layout));
  if (rows.order.length > policy.limit) {
    throw new StateMismatch(
      `step ${id}: expected at most ${policy.limit} keys (keys.limit), found ${rows.order.length} in the checkpoint: ` +
        'raise the limit',
    );
  }
  const keys = Keys.of(rows.names, rows.order, policy);
  for (let row = 0; row < rows.length; row++) slab.add();
  rows.columns.forEach((column, index) => {
    copyColumn(slab, index, column);
  });
  return keys;
}

function refuseOthers({ owner, layout, columns }: SavedRows, expected: Owner, expectedLayout: string): void {
  const written = columns.map(({ path, of, length }) => `${path}: ${of}[${length}]`).join('\n');
  const same = owner.id === expected.id && owner.version === expected.version && layout === expectedLayout;
  if (same && written === layout) return;
  throw new StateMismatch(
    `step ${expected.id}: the checkpoint holds other state than this pipeline keeps.\n` +
      `expected ${expected.id}, version ${expected.version}:\n${indent(expectedLayout)}\n` +
      `found ${owner.id}, version ${owner.version}:\n${indent(written)}\n` +
      `${differences(expectedLayout, written)}` +
      'Run the pipeline it was saved by, or start fresh in another state folder.',
  );
}

/** Which fields make the two layouts different, at most ten. */
function differences(expected: string, found: string): string {
  const [left, right] = [expected, found].map((text) => text.split('\n').filter((line) => line !== ''));
  const lines = [
    ...left!.filter((line) => !right!.includes(line)).map((line) => `  only expected: ${line}\n`),
    ...right!.filter((line) => !left!.includes(line)).map((line) => `  only found:    ${line}\n`),
  ];
  if (lines.length === 0) return '';
  const more = lines.length > 10 ? `  and ${lines.length - 10} more\n` : '';
  return `they differ in\n${lines.slice(0, 10).join('')}${more}`;
}

/** Copies one saved column into the rows of a slab, whose pages may be cut elsewhere. */
function copyColumn<L extends Layout>(slab: Slab<L>, index: number, { length, parts }: SavedColumn): void {
  for (const { from, rows, numbers } of parts) {
    for (let row = 0; row < rows; ) {
      const page = slab.pageOf(from + row);
      const slot = from + row - page.from;
      const count = Math.min(page.rows - slot, rows - row);
      slab.column(page, index).set(numbers.subarray(row * length, (row + count) * length), slot * length);
      row += count;
    }
  }
}

const indent = (text: string): string => (text === '' ? '  (no fields)' : text.replaceAll(/^/gm, '  '));
