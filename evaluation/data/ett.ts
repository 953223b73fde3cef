import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series } from './series.js';
import { column, numberOf, readTable, timeOf } from './table.js';

export const ettFolder: DataFolder = {
  name: 'ett',
  proof: 'ETTh1.csv',
  title: 'ETT (electricity transformer temperature), zhouhaoyi/ETDataset',
};

export type EttName = 'ETTh1' | 'ETTm1';

/** Row counts of the online split: train, then validation, then test. */
export interface EttSplit {
  readonly trainRows: number;
  /** First row whose value is a test target. */
  readonly testFrom: number;
  readonly testTo: number;
}

const monthHours = 30 * 24;

/** The split of FSNet, OneNet and DSOF: 4 months, 1 month, 15 months. */
export function ettSplit(name: EttName): EttSplit {
  const monthRows = name === 'ETTh1' ? monthHours : 4 * monthHours;
  return { trainRows: 4 * monthRows, testFrom: 5 * monthRows, testTo: 20 * monthRows };
}

/** Six loads and the oil temperature of one transformer, in the file's units. */
export function readEtt(folder: string, name: EttName): Series {
  const path = join(folder, `${name}.csv`);
  const table = readTable(path);
  const time = column(table, 'date');
  const channels = table.names.filter((_, at) => at !== time);
  return {
    name,
    channels,
    rows: table.lines.map((line) => ({
      timeMs: timeOf(line[time], path),
      values: line.filter((_, at) => at !== time).map((field) => numberOf(field, path)),
    })),
  };
}

/** Each channel minus its mean over its population deviation, both of the first `trainRows` rows only. */
export function standardise(series: Series, trainRows: number): Series {
  const train = series.rows.slice(0, trainRows);
  const moments = series.channels.map((_, c) => {
    const mean = train.reduce((sum, { values }) => sum + values[c], 0) / train.length;
    const variance = train.reduce((sum, { values }) => sum + (values[c] - mean) ** 2, 0) / train.length;
    return { mean, deviation: Math.sqrt(variance) };
  });
  return {
    ...series,
    rows: series.rows.map(({ timeMs, values }) => ({
      timeMs,
      values: values.map((value, c) => (value - moments[c].mean) / moments[c].deviation),
    })),
  };
}
