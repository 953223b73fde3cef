/**
 * What anomalies say of where injected ones begin, end and are strangest, by kind: `node dist/bench/spans.js [SEEDS] [EVIDENCE …]`.
 * Of those that are found: the share whose first and last row are one, rows that are told and true as a share of those that
 * are either, median rows that begin and end are off, and the share whose peak is a row of the anomaly.
 */
import { type EvidenceName, injectedSpans, type SpanRow } from '../index.js';

const [seeds = '10', ...named] = process.argv.slice(2);
const kinds = (named.length > 0 ? named : ['all', 'surprise', 'conformal']) as EvidenceName[];

const percent = (share: number): string => (Number.isNaN(share) ? '–' : `${Math.round(100 * share)} %`);

for (const evidence of kinds) {
  process.stdout.write(`${evidence}\nkind                 found  start = end  overlap  begins  ends  peak inside\n`);
  const each = injectedSpans(evidence, Number(seeds));
  for (const [kind, rows] of each) line(kind, rows);
  line('all', [...each.values()].flat());
}

function line(name: string, each: readonly SpanRow[]): void {
  const found = each.filter((row) => row.found);
  const mean = (of: (row: SpanRow) => number): number => found.reduce((sum, row) => sum + of(row), 0) / found.length;
  const median = (of: (row: SpanRow) => number): string =>
    String(found.map(of).sort((a, b) => a - b)[Math.floor(found.length / 2)] ?? '–');
  const cells = [
    percent(found.length / each.length).padStart(5),
    percent(mean(({ point }) => Number(point))).padStart(11),
    mean(({ overlap }) => overlap)
      .toFixed(2)
      .padStart(7),
    median(({ begins }) => begins).padStart(6),
    median(({ ends }) => ends).padStart(4),
    percent(mean(({ peaks }) => Number(peaks))).padStart(11),
  ];
  process.stdout.write(`${name.padEnd(20)} ${cells.join('  ')}\n`);
}
