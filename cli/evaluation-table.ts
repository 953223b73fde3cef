import type { Benchmark, Metrics, Reference } from '../evaluation/benchmark.js';
import type { EvaluationResult } from './evaluate.js';
import { table } from './view/table.js';

interface Line {
  readonly name: string;
  readonly from: string;
  readonly metrics: Metrics;
}

/** What was measured now, then known outputs scored by the same code, then figures of others that are only quoted. */
export function evaluationTable(
  { name, about, columns, anchors }: Pick<Benchmark, 'name' | 'about' | 'columns' | 'anchors'>,
  results: readonly EvaluationResult[],
  references: readonly Reference[],
  width: number,
): string[] {
  const lines: Line[] = [
    ...results.map(({ memory, seed, metrics, seconds, rows }) => ({
      name: seed > 1 ? `${memory}, seed ${seed}` : memory,
      from: `run now, ${Math.round((seconds * 1e6) / Math.max(1, rows))} µs a row`,
      metrics,
    })),
    ...references.map((reference) => ({ name: reference.name, from: 'scored here', metrics: reference.metrics })),
    ...anchors.map(({ name: anchor, source, metrics }) => ({ name: anchor, from: `quoted: ${source}`, metrics })),
  ];
  const used = columns.filter((metric) => lines.some(({ metrics }) => metric in metrics));
  const blocks = blocksOf(used, lines, width);
  const checks = results.flatMap(({ memory, leaks = [] }) =>
    leaks.length === 0
      ? []
      : [`${memory}: rows after ${leaks.map(({ row }) => row).join(', ')} replaced by noise, ${verdict(leaks)}`],
  );
  return [
    `${name}: ${about}`,
    ...blocks.flatMap((block) => ['', ...block]),
    ...(checks.length > 0 ? ['', ...checks] : []),
  ];
}

/** Four digits behind the point for shares and small errors, fewer for what is larger. */
function metricText(value: number | undefined): string {
  if (value === undefined) return '–';
  const size = Math.abs(value);
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4);
}

const verdict = (leaks: readonly { readonly same: boolean }[]): string =>
  leaks.every(({ same }) => same)
    ? 'nothing said before changed by a bit'
    : 'what was said before CHANGED: it looks ahead';

/** As many metrics side by side as the terminal is wide, the rest below. */
function blocksOf(columns: readonly string[], lines: readonly Line[], width: number): string[][] {
  const gap = 2;
  const widthOf = (cells: readonly string[]): number => Math.max(...cells.map((cell) => cell.length)) + gap;
  const leading = widthOf(['memory', ...lines.map(({ name }) => name)]) + widthOf(lines.map(({ from }) => from));
  const blocks: string[][] = [];
  let block: string[] = [];
  let taken = leading;
  for (const metric of columns) {
    const own = widthOf([metric, ...lines.map(({ metrics }) => metricText(metrics[metric]))]);
    if (block.length > 0 && taken + own > width) {
      blocks.push(block);
      block = [];
      taken = leading;
    }
    block.push(metric);
    taken += own;
  }
  if (block.length > 0) blocks.push(block);
  return blocks.map((metrics) => {
    const present = lines.filter((line) => metrics.some((metric) => metric in line.metrics));
    return table(
      [{ title: 'memory' }, { title: 'from' }, ...metrics.map((title) => ({ title, align: 'right' as const }))],
      present.map((line) => [line.name, line.from, ...metrics.map((metric) => metricText(line.metrics[metric]))]),
      Number.POSITIVE_INFINITY,
    );
  });
}
