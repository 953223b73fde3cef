import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { meanMetric, type TableResult } from '../../cli/evaluate-all.js';
import { sharedData, withData } from '../evaluation/shared-data.js';
import { engram } from './command.js';

const file = (): string => join(mkdtempSync(join(tmpdir(), 'engram-all-')), 'all.json');
const written = (path: string): TableResult[] => JSON.parse(readFileSync(path, 'utf8')).results;

describe('evaluate all says what it does not take', () => {
  test.each([
    [['--only', 'hotgyn'], /--only: expected some of nyc-taxi, .*got "hotgyn" \(did you mean "hotgym"/],
    [['--seeds', '0'], /--seeds: expected a whole number from 1 to 1000, got "0"/],
    [['--memory', 'lstn'], /--memory: expected one of .*did you mean "lstm"/],
    [['--out', 'x'], /expected none of --out, --head, --detector and --leak-test: give them with one benchmark/],
    [['--only', 'hotgym'], /--data: expected the folder "hotgym" .* got none: give it with --data/],
    [['--data', '/nowhere', '--only', 'pems'], /--data: expected the data folder "pems_flow_1lane"/],
  ])('%j', async (options, message) => {
    const { code, err } = await engram(['evaluate', 'all', ...options]);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });
  test('--only without all', async () => {
    const { code, err } = await engram(['evaluate', 'pems', '--data', '.', '--only', 'hotgym']);
    expect([code, err]).toEqual([2, expect.stringMatching(/--only: expected with "all" alone, got with pems/)]);
  });
  test('a file of something else, which stays as it is', async () => {
    const path = file();
    writeFileSync(path, '{"a": 1}');
    const { code, err } = await engram(['evaluate', 'all', '--only', 'hotgym', '--json', path]);
    expect([code, err]).toEqual([2, expect.stringMatching(/--json: expected a file that evaluate all wrote/)]);
    expect(readFileSync(path, 'utf8')).toBe('{"a": 1}');
  });
});

test('the mean of a metric is over the seeds of one memory on one benchmark', () => {
  const result = (benchmark: string, memory: string, mae: number) => ({ benchmark, memory, metrics: { mae } });
  const results = [result('a', 'x', 1), result('a', 'x', 3), result('b', 'x', 50), result('a', 'y', 70)];
  expect(meanMetric(results, 'a', 'x', 'mae')).toBe(2);
  expect(meanMetric(results, 'a', 'z', 'mae')).toBeUndefined();
  expect(meanMetric(results, 'a', 'x', 'mape')).toBeUndefined();
});

withData('hotgym', 'engram evaluate all', () => {
  test('makes the table in pieces: what is run again takes its place, the rest stays', async () => {
    const json = file();
    const all = (memory: string, ...more: string[]) =>
      engram([
        'evaluate',
        'all',
        '--data',
        sharedData,
        '--only',
        'hotgym',
        '--memory',
        memory,
        '--json',
        json,
        ...more,
      ]);
    expect((await all('last-value')).code).toBe(0);
    const [first] = written(json);
    expect(first).toMatchObject({ benchmark: 'hotgym', memory: 'last-value', seed: 0, rows: 4391 });
    expect(first.checkpointBytes).toBeGreaterThan(first.stateBytes / 2);
    const { out, code } = await all('elm,last-value', '--seeds', '2');
    expect(code).toBe(0);
    expect(out).toMatch(/^memory +hotgym mape_1 +hotgym mape_24 +bytes\/key/m);
    const results = written(json);
    expect(results.map(({ memory, seed }) => [memory, seed])).toEqual([
      ['last-value', 0],
      ['elm', 1],
      ['elm', 2],
    ]);
    expect(results[0].metrics).toEqual(first.metrics);
    // Another start is another memory, and the table shows the mean.
    const [one, two] = results.slice(1).map(({ metrics }) => metrics.mape_1);
    expect(one).not.toBe(two);
    expect(out).toMatch(new RegExp(`^elm +${((one + two) / 2).toFixed(4)} `, 'm'));
  });
});
