import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series } from './series.js';
import { column, numberOf, readTable, timeOf } from './table.js';

export const nabFolder: DataFolder = {
  name: 'nab',
  proof: 'labels/combined_windows.json',
  title: 'NAB v1.1 (Numenta Anomaly Benchmark), numenta/NAB',
};

/** Rows in which an anomaly counts as found, both ends inclusive. */
export type Window = readonly [first: number, last: number];

/** One NAB file with its ground truth. */
export interface LabelledSeries extends Series {
  readonly windows: readonly Window[];
}

/** All 58 files in the order of the label file; `only` keeps those whose path ends so. */
export function readNab(folder: string, only?: readonly string[]): LabelledSeries[] {
  const path = join(folder, nabFolder.proof);
  const labels = JSON.parse(readFileSync(path, 'utf8')) as Record<string, [string, string][]>;
  return Object.entries(labels)
    .filter(([file]) => !only || only.some((name) => file.endsWith(`/${name}.csv`)))
    .map(([file, windows]) => readLabelled(folder, file, windows));
}

function readLabelled(folder: string, file: string, windows: readonly [string, string][]): LabelledSeries {
  const path = join(folder, 'data', file);
  const table = readTable(path);
  const time = column(table, 'timestamp');
  const value = column(table, 'value');
  const rows = table.lines.map((line) => ({
    timeMs: timeOf(line[time], path),
    values: [numberOf(line[value], path)],
  }));
  // Where a timestamp repeats, its first row is meant.
  const rowAt = new Map<number, number>();
  rows.forEach(({ timeMs }, row) => {
    if (!rowAt.has(timeMs)) rowAt.set(timeMs, row);
  });
  const find = (text: string): number => {
    const row = rowAt.get(timeOf(text, path));
    if (row === undefined)
      throw new Error(`${path}: expected a row at ${text}, a window edge: the file is another one`);
    return row;
  };
  return {
    name: file,
    channels: ['value'],
    rows,
    windows: windows.map(([first, last]): Window => [find(first), find(last)]),
  };
}

/** Published per-row scores of one detector, by file name: those that NAB judged, or the raw ones they were made of. */
export function readNabScores(
  folder: string,
  detector: string,
  which: 'anomaly_score' | 'raw_score' = 'anomaly_score',
): Map<string, Float64Array> {
  const path = join(folder, 'reference_scores', `${detector}.csv.gz`);
  const table = readTable(path);
  const file = column(table, 'file');
  const row = column(table, 'row');
  const score = column(table, which);
  const found = new Map<string, number[]>();
  for (const line of table.lines) {
    const scores = found.get(line[file]) ?? [];
    found.set(line[file], scores);
    if (Number(line[row]) !== scores.length) throw new Error(`${path}: expected row ${scores.length} of ${line[file]}`);
    scores.push(numberOf(line[score], path));
  }
  return new Map([...found].map(([name, scores]) => [name, Float64Array.from(scores)]));
}
