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
  // Where the columns are those expected, what is said of them is not.
  const found = written === expectedLayout ? layout : written;
  const told = [`expected ${expected.id}, version ${expected.version}`, `found ${owner.id}, version ${owner.version}`];
  throw new StateMismatch(
    `step ${expected.id}: the checkpoint holds other state than this pipeline keeps: ${told.join(', ')}.\n` +
      `${differences(expectedLayout, found)}` +
      'Run the pipeline it was saved by, or start fresh in another state folder.',
  );
}

const differencesMax = 12;

/** The fields of two layouts that differ, with what each has; at most twelve. */
function differences(expected: string, found: string): string {
  const [wanted, came] = [fieldsOf(expected), fieldsOf(found)];
  const names = [...new Set([...wanted.keys(), ...came.keys()])];
  const differ = names
    .filter((name) => wanted.get(name) !== came.get(name))
    .map((name) => `  ${name}: expected ${wanted.get(name) ?? 'none'}, found ${came.get(name) ?? 'none'}\n`);
  if (differ.length === 0) {
    const [before, now] = [[...came.keys()], [...wanted.keys()]];
    const first = now.findIndex((name, at) => name !== before[at]);
    return first < 0
      ? `The fields are the same (${now.length}), the version or step is another.\n`
      : `The fields are the same in another order: as number ${first + 1} expected ${now[first]}, found ${before[first]}.\n`;
  }
  const more = differ.length > differencesMax ? `  and ${differ.length - differencesMax} more\n` : '';
  return `${differ.length} of ${names.length} fields differ:\n${differ.slice(0, differencesMax).join('')}${more}`;
}

/** Types of the fields of a layout that is written as `path: type[length]`, a line each. */
const fieldsOf = (layout: string): Map<string, string> =>
  new Map(
    layout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(': ', 2) as [string, string]),
  );

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
