import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { ArrowWriter, arrowBatches, arrowFileBatches, Damage } from '../../../connectors/codecs/arrow.js';
import type { ArrowRows } from '../../../connectors/codecs/cells.js';

const columns = [
  { name: 'key', type: 'text' },
  { name: 'time', type: 'time' },
  { name: 'offset', type: 'whole' },
  { name: 'value', type: 'real' },
  { name: 'alarm', type: 'flag' },
] as const;
const cells = [
  ['a', 'é'],
  [1000, 2000],
  [1, 2 ** 53 - 1],
  [0.1, Number.NaN],
  [true, false],
];

function written(form: 'stream' | 'file', batches = 2): Uint8Array {
  const writer = new ArrowWriter(columns, form);
  const parts = [writer.take()];
  for (let i = 0; i < batches; i++) {
    writer.write(cells, 2);
    parts.push(writer.take());
  }
  writer.finish();
  parts.push(writer.take());
  return Buffer.concat(parts);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const all = (rows: ArrowRows): unknown[][] =>
  Array.from({ length: rows.rows }, (_, row) => rows.columns.map((_, column) => rows.get(column, row)));

test.each(['stream', 'file'] as const)('what is written as a %s is read, by us and by the library', async (form) => {
  const wanted = [
    ['a', new Date(1000), 1n, 0.1, true],
    ['é', new Date(2000), BigInt(2 ** 53 - 1), null, false],
  ];
  const batches: unknown[][][] = [];
  for await (const batch of arrowBatches(once(written(form)))) batches.push(all(batch));
  expect(batches).toEqual([wanted, wanted]);
  const table = tableFromIPC(written(form));
  expect(table.numRows).toBe(4);
  expect(table.getChild('value')?.toArray().length).toBe(4);
  expect(table.getChild('value')?.get(1)).toBeNull();
  if (form === 'file') expect([...arrowFileBatches(written(form))].map(all)).toEqual([wanted, wanted]);
});

test('no batches are one without rows, so that the columns are known', async () => {
  for await (const { columns: names, rows } of arrowBatches(once(written('stream', 0)))) {
    expect([names, rows]).toEqual([columns.map(({ name }) => name), 0]);
  }
});

test('what is not Arrow is damage', async () => {
  await expect(arrowBatches(once(Buffer.from('time,value\n1,2\n'))).next()).rejects.toBeInstanceOf(Damage);
  expect(() => arrowFileBatches(Buffer.from('ARROW1 and nothing')).next()).toThrow(Damage);
});
