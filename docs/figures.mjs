/**
 * Puts the figures of bench/results/*.json into the tables of the README: `node docs/figures.mjs`. Rows are found by their
 * first cell, so a row that is wanted is written once by hand; prose is not touched. Tables of MODELS are made whole (tables.mjs).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { withTables } from './tables.mjs';
import { kafkaRows } from './kafka-figures.mjs';

const recorded = (name) => JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8'));
const readme = new URL('../README.md', import.meta.url);
const memories = ['default', 'last-value', 'seasonal-naive', 'rls'];

/** A number as a speed or a size is written: at most two digits behind the point, fewer for large ones. */
function shown(value) {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 1000 ? 0 : size < 0.1 ? 4 : 2;
  const [whole, rest] = value.toFixed(digits).split('.');
  return whole.replaceAll(/\B(?=(\d{3})+$)/g, ',') + (rest ? `.${rest}` : '');
}

/** A number to as many digits as the cell has that it replaces. */
function like(cell, value) {
  const plain = cell.replaceAll(/[*,%]/g, '').trim();
  const digits = /\.(\d+)/.exec(plain)?.[1].length ?? 0;
  const text = (cell.includes('%') ? 100 * value : value).toFixed(digits);
  return cell.replace(/[\d.,]+/, text);
}

const speed = new Map(
  Object.entries(recorded('speed')).map(([name, value]) => {
    const [, what, unit] = /^(.*) \[(.*)\]$/.exec(name) ?? ['', name, ''];
    return [what, `${typeof value === 'number' ? shown(value) : value} ${unit}`];
  }),
);

for (const [what, text] of kafkaRows()) speed.set(what, text);

function accuracy(first, cells) {
  const [, benchmark, rest = ''] = /^`([\w-]+)` ?(\w*)$/.exec(first) ?? [];
  if (!benchmark || !existsSync(new URL(`../bench/results/${benchmark}.json`, import.meta.url))) return cells;
  const { results } = recorded(benchmark);
  const metric = (memory, name) => results.find((result) => result.memory === memory)?.metrics[name];
  const bands = cells[0].includes('%') ? ['80', '90', '98'] : [];
  const prefix = rest === '' ? '' : `${rest}_`;
  const values = [
    ...bands.map((band) => metric('default', `${prefix}coverage_${band}`)),
    ...memories.map((memory) => metric(memory, bands.length > 0 ? `${prefix}crps` : rest)),
  ];
  return cells.map((cell, i) => (values[i] === undefined ? cell : like(cell, values[i])));
}

const lines = readFileSync(readme, 'utf8').split('\n');
const mended = lines.map((line) => {
  if (!line.startsWith('| ')) return line;
  const [first, ...cells] = line.slice(2, -2).split(' | ');
  if (cells.length === 1 && speed.has(first)) return `| ${first} | ${speed.get(first)} |`;
  return `| ${[first, ...accuracy(first, cells)].join(' | ')} |`;
});
writeFileSync(readme, mended.join('\n'));
const models = new URL('../docs/MODELS.md', import.meta.url);
writeFileSync(models, withTables(readFileSync(models, 'utf8')));
console.log(`${mended.filter((line, i) => line !== lines[i]).length} rows changed`);
