/**
 * Makes the tables of ACCURACY.md from bench/results: a table whose head names figures, as in "| memory | `pems` mae |", gets a
 * row for every memory that was run, the mean of its seeds, the best of each column in bold. `--check` only says what differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const page = new URL('ACCURACY.md', import.meta.url);
const heads = ['gaussian', 'density', 'quantile'];

/** Results of a file, each with its benchmark; none where the file is not there. */
function recorded(name) {
  const path = new URL(`../bench/results/${name}.json`, import.meta.url);
  if (!existsSync(path)) return [];
  const { benchmark, results } = JSON.parse(readFileSync(path, 'utf8'));
  return results.map((result) => ({ benchmark, ...result }));
}

const results = ['accuracy', 'synthetic', ...heads.map((head) => `synthetic-${head}`)].flatMap(recorded);
const unique = (names) => [...new Set(names)];

/** Bytes of every memory, which need no data: of those that were not scored as well. */
const footprints = JSON.parse(readFileSync(new URL('../bench/results/footprint.json', import.meta.url), 'utf8'));

/** The mean over the seeds of a memory; undefined where it was not run. */
function figure(benchmark, memory, metric) {
  const values = (metric.endsWith('Bytes') ? footprints : results)
    .filter((result) => result.benchmark === benchmark && result.memory === memory)
    .map((result) => result.metrics?.[metric] ?? result[metric])
    .filter((value) => value !== undefined);
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
}

function shown(value, metric) {
  if (value === undefined) return '–';
  if (metric.endsWith('Bytes')) return Math.round(value).toLocaleString('en');
  if (metric.startsWith('coverage')) return `${(100 * value).toFixed(1)} %`;
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 3 : 4);
}

/** The column that a cell of the head names, as a function of the row. */
function columnOf(cell, kind) {
  const [, name, metric] = /^`([\w-]+)` (\w+)$/.exec(cell) ?? [];
  if (metric !== undefined) {
    return { metric, of: (row) => (kind === 'benchmark' ? figure(row, name, metric) : figure(name, row, metric)) };
  }
  const [, one, other] = /^(\S+) over (\S+)$/.exec(cell) ?? [];
  if (one === undefined) throw new Error(`docs/ACCURACY.md: a head that names no figure: ${cell}`);
  const crps = (row, memory) => figure(row, memory, 'crps');
  return { metric: 'share', of: (row) => crps(row, one) / crps(row, other) };
}

function rowsOf(kind, cells) {
  if (cells.every((cell) => cell.endsWith('Bytes'))) return unique(footprints.map(({ memory }) => memory));
  if (kind === 'benchmark') {
    return unique(results.map(({ benchmark }) => benchmark)).filter(
      (name) => figure(name, 'default', 'crps') !== undefined,
    );
  }
  const headed = (memory) => heads.some((head) => memory.endsWith(`-${head}`));
  const names = unique(results.map(({ memory }) => memory));
  if (kind === 'memory') return names.filter((memory) => !headed(memory));
  const bases = unique(names.filter(headed).map((name) => name.replace(/-\w+$/, '')));
  return bases.flatMap((base) => [base, ...heads.map((head) => `${base}-${head}`)]);
}

function table(head) {
  const [kind, ...cells] = head.slice(2, -2).split(' | ');
  const columns = cells.map((cell) => columnOf(cell, kind));
  const rows = rowsOf(kind, cells).filter((row) => columns.some(({ of }) => of(row) !== undefined));
  const best = columns.map(({ of, metric }) => {
    if (kind === 'benchmark' || metric.endsWith('Bytes')) return undefined;
    return Math.min(...rows.map(of).filter((value) => value !== undefined));
  });
  return rows.map((row) => {
    const values = columns.map(({ of, metric }, c) => {
      const text = shown(of(row), metric);
      return of(row) !== undefined && of(row) === best[c] ? `**${text}**` : text;
    });
    return `| \`${row}\` | ${values.join(' | ')} |`;
  });
}

const before = readFileSync(page, 'utf8');
const after = before.replaceAll(
  /^(\| (?:memory|benchmark|head) \|.*\|)\n(\|[-:|]+\|)\n(?:\|.*\|\n)*/gm,
  (_, head, rule) => `${[head, rule, ...table(head)].join('\n')}\n`,
);
if (!process.argv.includes('--check')) writeFileSync(page, after);
else if (after !== before) {
  console.error('docs/ACCURACY.md: its tables are not those of bench/results: run node docs/accuracy.mjs');
  process.exit(1);
}
