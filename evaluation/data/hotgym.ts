import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series } from './series.js';
import { column, numberOf, readTable } from './table.js';

export const hotgymFolder: DataFolder = {
  name: 'hotgym',
  proof: 'rec-center-hourly.csv',
  title: 'Recreation-centre hourly energy ("hotgym"), numenta/htmresearch',
};

const stamp = /^(\d{1,2})\/(\d{1,2})\/(\d{2}) (\d{1,2}):(\d{2})$/;

/** Hourly energy use of one recreation centre over half a year. */
export function readHotgym(folder: string): Series {
  const path = join(folder, hotgymFolder.proof);
  const table = readTable(path, { headerLines: 3 });
  const time = column(table, 'timestamp');
  const energy = column(table, 'kw_energy_consumption');
  return {
    name: 'rec-center-hourly',
    channels: ['kw_energy_consumption'],
    rows: table.lines.map((line) => ({ timeMs: timeOf(line[time], path), values: [numberOf(line[energy], path)] })),
  };
}

/** Month first, two digits of year. */
function timeOf(text: string, path: string): number {
  const parts = stamp.exec(text);
  if (!parts) throw new Error(`${path}: expected a time like "7/2/10 13:00", came ${JSON.stringify(text)}`);
  const [month, day, year, hour, minute] = parts.slice(1).map(Number);
  return Date.UTC(2000 + year, month - 1, day, hour, minute);
}
