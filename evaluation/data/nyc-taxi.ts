import { join } from 'node:path';
import type { DataFolder } from './folder.js';
import type { Series } from './series.js';
import { column, numberOf, readTable, timeOf } from './table.js';

export const nycTaxiFolder: DataFolder = {
  name: 'nyc_taxi',
  // NAB has an nyc_taxi.csv of its own, with fewer rows and columns.
  proof: 'nyc_taxi_perturb.csv',
  title: 'NYC taxi demand, 30-minute counts, numenta/htmresearch',
};

/** Half-hour passenger counts of one year, plain or with the change of pattern from April 2015 on. */
export function readTaxi(folder: string, kind: 'plain' | 'perturbed' = 'plain'): Series {
  const path = join(folder, kind === 'plain' ? 'nyc_taxi.csv' : 'nyc_taxi_perturb.csv');
  const table = readTable(path, { headerLines: 3 });
  const time = column(table, 'timestamp');
  const count = column(table, 'passenger_count');
  return {
    name: kind === 'plain' ? 'nyc_taxi' : 'nyc_taxi_perturb',
    channels: ['passenger_count'],
    rows: table.lines.map((line) => ({ timeMs: timeOf(line[time], path), values: [numberOf(line[count], path)] })),
  };
}

/** Published forecasts five rows ahead: index t holds the forecast for row t + 5. */
export function readTaxiReference(folder: string, model: 'TM' | 'plainKNN'): Float64Array {
  const path = join(folder, `reference_nyc_taxi_${model}_pred.csv`);
  const table = readTable(path, { headerLines: 3 });
  const at = column(table, 'prediction-5step');
  return Float64Array.from(table.lines, (line) => numberOf(line[at], path));
}
