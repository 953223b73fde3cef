import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series, SeriesRow } from './series.js';
import { column, numberOf, readTable } from './table.js';

export const pemsFolder: DataFolder = {
  name: 'pems_flow_1lane',
  proof: 'train.csv',
  title: 'PeMS 5-minute traffic flow, one detector, xiaochus/TrafficFlowPrediction',
};

/** The train file and then the test file as one stream; days are missing in between. */
export interface Pems extends Series {
  /** Rows that came from the train file: the test file begins at this row. */
  readonly trainRows: number;
}

const stamp = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2})$/;

/** Vehicles in five minutes at one detector. */
export function readPems(folder: string): Pems {
  const train = rowsOf(join(folder, 'train.csv'));
  const test = rowsOf(join(folder, 'test.csv'));
  return { name: 'pems', channels: ['flow'], rows: [...train, ...test], trainRows: train.length };
}

function rowsOf(path: string): SeriesRow[] {
  const table = readTable(path);
  const time = column(table, '5 Minutes');
  const flow = column(table, 'Lane 1 Flow (Veh/5 Minutes)');
  return table.lines.map((line) => ({ timeMs: timeOf(line[time], path), values: [numberOf(line[flow], path)] }));
}

/** Day first. */
function timeOf(text: string, path: string): number {
  const parts = stamp.exec(text);
  if (!parts) throw new Error(`${path}: expected a time like "31/03/2016 13:05", came ${JSON.stringify(text)}`);
  const [day, month, year, hour, minute] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute);
}
