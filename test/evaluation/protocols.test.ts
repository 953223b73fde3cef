import { describe, expect, test } from 'vitest';
import { type Benchmark, mismatches, runBenchmark } from '../../evaluation/benchmark.js';
import { benchmarks } from '../../evaluation/catalog.js';
import { findFolder } from '../../evaluation/data/folder.js';
import { readNab } from '../../evaluation/data/nab.js';
import { readSkab } from '../../evaluation/data/skab.js';
import { forecasterOf, type Step } from '../../evaluation/forecaster.js';
import { segmentsOf } from '../../evaluation/vus.js';
import { oracle } from './oracle.js';
import { hasData, sharedData } from './shared-data.js';

const prepare = ({ folder, prepare }: Benchmark) => prepare(folder ? findFolder(sharedData, folder) : '');

/** ETTm1 is the protocol of ETTh1 with four times the rows, traffic-eighth a part of traffic: the command runs them. */
const quick = benchmarks.filter(({ name }) => !['ett', 'ettm1', 'traffic-eighth'].includes(name));
const forecasting = quick.filter(({ kind }) => kind === 'forecast');

describe.each(forecasting)('$name', (benchmark) => {
  const here = test.skipIf(benchmark.folder !== undefined && !hasData(benchmark.folder.name));

  here('finds no error in a perfect forecaster, and some in one that is a row late', () => {
    const prepared = prepare(benchmark);
    const errors = Object.entries(runBenchmark(prepared, oracle(prepared.streams)))
      .filter(([metric]) => !metric.startsWith('coverage_'))
      .map(([metric, value]) => [metric, metric === 'nll' ? Math.abs(value) : value]);
    expect(errors.length).toBeGreaterThan(2);
    expect(errors.filter(([, value]) => value !== 0)).toEqual([]);
    // The last forecasts of one that is late have no truth: they repeat the last row.
    const longer = prepared.streams.map((stream) => ({
      ...stream,
      rows: [...stream.rows, ...stream.rows.slice(-stream.keyCount)],
    }));
    const late = runBenchmark(prepared, oracle(longer, 1));
    const points = Object.entries(late).filter(([metric]) => /^(mape|mae|mse|rmse|nrmse|crps)/.test(metric));
    expect(points.filter(([, value]) => !(value > 0))).toEqual([]);
  });

  here('scores known forecasts to the known figures', () => {
    expect(prepare(benchmark).references().flatMap(mismatches)).toEqual([]);
  });
});

test('a reference that is off is told', () => {
  const reference = { name: 'r', metrics: { mae: 1.02 }, expected: { mae: 1 }, tolerance: 0.01 };
  expect(mismatches(reference)).toEqual(['r: expected mae 1, came 1.02: the data or the scorer differ']);
  expect(mismatches({ ...reference, tolerance: 0.03 })).toEqual([]);
  expect(mismatches({ ...reference, metrics: {} })).toHaveLength(1);
});

describe('the catalog', () => {
  test('has every benchmark once, with a folder, columns and a line for the help', () => {
    const names = benchmarks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { columns, about, folder } of benchmarks) {
      expect(columns.length).toBeGreaterThan(0);
      expect(about.length).toBeGreaterThan(10);
      expect(folder?.proof).not.toBe('');
    }
  });

  test.skipIf(!hasData('pems_flow_1lane'))('persistence of the pipeline is that of the reference', () => {
    const pems = benchmarks.find(({ name }) => name === 'pems')!;
    const prepared = prepare(pems);
    const metrics = runBenchmark(prepared, forecasterOf({ memory: 'last-value' }));
    const [reference] = prepared.references();
    expect(metrics.mae).toBeCloseTo(reference.metrics.mae, 9);
    expect(metrics.rmse).toBeCloseTo(reference.metrics.rmse, 9);
  });
});

describe('episodes and delay of alarms beside the score', () => {
  /** What a benchmark says of alarms that come so many rows behind the beginning of each labelled stretch. */
  const told = (name: string, lateRows: number, windowsOf: Record<string, readonly (readonly number[])[]>) => {
    const prepared = prepare(benchmarks.find((one) => one.name === name)!);
    const scorer = prepared.scorer();
    for (const stream of prepared.streams) {
      stream.rows.forEach((_, row) => {
        const alarm = windowsOf[stream.name].some(([first]) => row === first + lateRows);
        scorer.see(stream, row, { score: 0, onset: 0, abnormal: false, alarm } as unknown as Step);
      });
    }
    return scorer.metrics();
  };

  test.skipIf(!hasData('nab'))('vus: windows of its 14 files', () => {
    const windows = Object.fromEntries(readNab(`${sharedData}/nab`).map((file) => [file.name, file.windows]));
    expect(told('vus', 7, windows)).toMatchObject({ episode_recall: 1, episode_precision: 1, delay_rows: 7 });
    const early = told('vus', -30, windows);
    expect(early).toMatchObject({ episode_recall: 0, episode_precision: 0, delay_rows: Number.NaN });
  });

  test.skipIf(!hasData('skab'))('skab: alarms are told apart from the state', () => {
    const experiments = readSkab(`${sharedData}/skab`);
    const windows = Object.fromEntries(experiments.map(({ name, anomalous }) => [name, segmentsOf(anomalous)]));
    // One of the 34 stretches begins within the first 400 rows, which are not judged.
    expect(told('skab', 7, windows)).toMatchObject({
      ...{ alarm_episode_recall: 33 / 34, alarm_episode_precision: 1, alarm_delay_rows: 7 },
      ...{ f1: 0, episode_recall: 0 },
    });
  });
});
