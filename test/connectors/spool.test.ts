import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Spool } from '../../connectors/spool.js';
import { folder } from './collect.js';

const at = folder();
const columns = [
  { name: 'key', type: 'text' },
  { name: 'time', type: 'time' },
  { name: 'value', type: 'real' },
  { name: 'alarm', type: 'flag' },
  { name: 'offset', type: 'whole' },
] as const;
const row = (i: number): unknown[] => [`k${i}`, i * 1000, i % 7 === 3 ? Number.NaN : i / 3, i % 5 === 0, i];

async function all(spool: Spool, pieceRows: number): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  const sizes: number[] = [];
  for await (const piece of spool.read(pieceRows)) {
    sizes.push(piece.rows);
    for (let r = 0; r < piece.rows; r++) rows.push(piece.cells.map((column) => column[r]));
  }
  expect(sizes.slice(0, -1).every((size) => size === pieceRows)).toBe(true);
  return rows;
}

test('rows come back as they were added, in pieces of one size, before and after going back to a mark', async () => {
  const path = join(at, 'rows.part');
  const spool = new Spool(path, columns);
  await spool.open(undefined);
  const add = async (target: Spool, from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      target.add(row(i));
      if (target.full) await target.settle();
    }
  };
  await add(spool, 0, 1500);
  expect(await spool.flush()).toBe(1500);
  await add(spool, 1500, 4000);
  expect(spool.rows).toBe(4000);
  expect(await all(spool, 999)).toEqual(Array.from({ length: 4000 }, (_, i) => row(i)));
  await spool.close();
  const again = new Spool(path, columns);
  await again.open(1500);
  await add(again, 1500, 1502);
  expect(await all(again, 100)).toEqual(Array.from({ length: 1502 }, (_, i) => row(i)));
  await again.remove();
  await expect(new Spool(path, columns).open(1)).rejects.toThrow('expected the 1 rows');
});
