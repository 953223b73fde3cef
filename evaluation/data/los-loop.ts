import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series } from './series.js';
import { numberOf, readTable } from './table.js';

export const losLoopFolder: DataFolder = {
  name: 'traffic_los_loop',
  proof: 'los_speed.csv',
  title: 'Los-loop: one week of METR-LA traffic speed, lehaifeng/T-GCN',
};

/** The file has no times: five-minute rows from 2012-03-01. */
const startMs = Date.UTC(2012, 2, 1);
const rowMs = 5 * 60_000;

/** Speeds of 207 road sensors over a week, one channel each, in miles per hour. */
export function readLosLoop(folder: string): Series {
  const path = join(folder, losLoopFolder.proof);
  const { names, lines } = readTable(path);
  return {
    name: 'los_speed',
    channels: names,
    rows: lines.map((line, at) => ({
      timeMs: startMs + at * rowMs,
      values: line.map((field) => numberOf(field, path)),
    })),
  };
}
