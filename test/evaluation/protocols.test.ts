import { describe, expect, test } from 'vitest';
import { type Benchmark, mismatches, runBenchmark } from '../../evaluation/benchmark.js';
import { benchmarks } from '../../evaluation/catalog.js';
import { findFolder } from '../../evaluation/data/folder.js';
import { forecasterOf } from '../../evaluation/forecaster.js';
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
