import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const heap = fileURLToPath(new URL('../../dist/pipelines/heap.js', import.meta.url));

/** Rows of a function that has made many which lived long: by how many MB the old part of the heap grows while they die at once. */
const program = `
import { getHeapSpaceStatistics } from 'node:v8';
import { keepRowsYoung } from ${JSON.stringify(heap)};
if (process.argv[1] === 'young') keepRowsYoung();
const old = () => getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size / 1e6;
const row = (i) => ({ values: [i, i + 1, i + 2], more: { at: i } });
for (let time = 0; time < 2; time++) Array.from({ length: 400_000 }, (_, i) => row(i));
const before = old();
let most = 0;
let sum = 0;
for (let i = 0; i < 600_000; i++) {
  sum += row(i).values[1];
  if (i % 5000 === 0) most = Math.max(most, old() - before);
}
console.log(most);`;
const grown = (...args: string[]): number =>
  Number(execFileSync(process.execPath, ['--input-type=module', '-e', program, ...args], { encoding: 'utf8' }));

test('rows that die at once leave the old part of the heap alone, whatever rows before them did', () => {
  // Without the flag 4 to 13 with Node 20.20, by chance.
  expect(grown('young')).toBeLessThan(3);
});
