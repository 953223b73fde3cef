import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series } from './series.js';
import { column, numberOf, readTable, timeOf } from './table.js';

export const skabFolder: DataFolder = {
  name: 'skab',
  proof: 'valve1/0.csv',
  title: 'SKAB v0.9 (Skoltech Anomaly Benchmark), waico/SKAB',
};

/** One experiment on the water-circulation testbed with a label per row. */
export interface Experiment extends Series {
  readonly anomalous: readonly boolean[];
  /** Rows at which the state of the plant changed. */
  readonly changepoints: readonly number[];
}

/** The 34 experiments, in order of folder and number. */
export function readSkab(folder: string): Experiment[] {
  return ['valve1', 'valve2', 'other'].flatMap((group) =>
    readdirSync(join(folder, group))
      .filter((file) => file.endsWith('.csv'))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((file) => readExperiment(folder, `${group}/${file}`)),
  );
}

function readExperiment(folder: string, file: string): Experiment {
  const path = join(folder, file);
  const table = readTable(path, { separator: ';' });
  const time = column(table, 'datetime');
  const anomaly = column(table, 'anomaly');
  const changepoint = column(table, 'changepoint');
  const sensors = table.names.map((_, at) => at).filter((at) => at !== time && at !== anomaly && at !== changepoint);
  return {
    name: file,
    channels: sensors.map((at) => table.names[at]),
    rows: table.lines.map((line) => ({
      timeMs: timeOf(line[time], path),
      values: sensors.map((at) => numberOf(line[at], path)),
    })),
    anomalous: table.lines.map((line) => Number(line[anomaly]) > 0),
    changepoints: table.lines.flatMap((line, row) => (Number(line[changepoint]) > 0 ? [row] : [])),
  };
}
