import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ettSplit, readEtt, standardise } from '../../evaluation/data/ett.js';
import { findFolder } from '../../evaluation/data/folder.js';
import { readHotgym } from '../../evaluation/data/hotgym.js';
import { readLosLoop } from '../../evaluation/data/los-loop.js';
import { nabFolder, readNab, readNabScores } from '../../evaluation/data/nab.js';
import { nycTaxiFolder, readTaxi, readTaxiReference } from '../../evaluation/data/nyc-taxi.js';
import { readPems } from '../../evaluation/data/pems.js';
import { channelOf } from '../../evaluation/data/series.js';
import { readSkab } from '../../evaluation/data/skab.js';
import { column, numberOf, readTable, timeOf, timeText } from '../../evaluation/data/table.js';
import { deviationOf } from '../../evaluation/point-errors.js';
import { sharedData, withData } from './shared-data.js';

const folder = (name: string): string => join(sharedData, name);

describe('a table of a benchmark', () => {
  const write = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'engram-table-')), 'a.csv');
    writeFileSync(path, text);
    return path;
  };

  test('is read past a byte order mark, line ends of any kind and further header lines', () => {
    const path = write('\uFEFFa,b\r\nint,int\r\n1,2\r\n3,\r\n');
    const table = readTable(path, { headerLines: 2 });
    expect(table.names).toEqual(['a', 'b']);
    expect(table.lines).toEqual([
      ['1', '2'],
      ['3', ''],
    ]);
    expect(column(table, 'b')).toBe(1);
    expect(() => column(table, 'c')).toThrow('expected a column "c", came a, b');
  });

  test('says which line has another number of fields', () => {
    expect(() => readTable(write('a,b\n1,2\n3\n'))).toThrow(/line 3: expected 2 fields \(a,b\), came 1/);
  });

  test('says that the header is not whole', () =>
    expect(() => readTable(write('a,b\n'), { headerLines: 3 })).toThrow(
      /expected 3 header lines, the file has 1: fetch it/,
    ));

  test.each([
    [
      'hotgym',
      'rec-center-hourly.csv',
      'timestamp,kw_energy_consumption\ndatetime,float\nT,\n2010-07-02 00:00,21.2\n',
      readHotgym,
      'expected a time like "7/2/10 13:00", came "2010-07-02 00:00"',
    ],
    [
      'pems',
      'train.csv',
      '5 Minutes,Lane 1 Flow (Veh/5 Minutes)\n2016-03-31 13:05,5\n',
      readPems,
      'expected a time like "31/03/2016 13:05", came "2016-03-31 13:05"',
    ],
  ])('%s with times of another form is refused', (_, name, body, read, message) => {
    const at = mkdtempSync(join(tmpdir(), 'engram-data-'));
    writeFileSync(join(at, name), body);
    expect(() => read(at)).toThrow(message);
  });

  test('labels and scores of NAB that are about other rows are refused', () => {
    const at = mkdtempSync(join(tmpdir(), 'engram-nab-'));
    for (const sub of ['labels', 'data/a', 'reference_scores']) mkdirSync(join(at, sub), { recursive: true });
    writeFileSync(join(at, 'data/a/b.csv'), 'timestamp,value\n2014-07-01 00:00:00,1\n');
    const window = ['2014-07-01 00:00:00.000000', '2014-07-01 00:30:00.000000'];
    writeFileSync(join(at, 'labels/combined_windows.json'), JSON.stringify({ 'a/b.csv': [window] }));
    expect(() => readNab(at)).toThrow(
      /b\.csv: expected a row at 2014-07-01 00:30:00.*, a window edge: the file is another/,
    );
    writeFileSync(join(at, 'reference_scores/x.csv.gz'), gzipSync('file,row,anomaly_score\na/b.csv,1,0.5\n'));
    expect(() => readNabScores(at, 'x')).toThrow(/x\.csv\.gz: expected row 0 of a\/b\.csv/);
  });

  test('takes an empty field as missing and refuses what is no number', () => {
    expect(numberOf('', 'f')).toBeNaN();
    expect(numberOf('1.5', 'f')).toBe(1.5);
    expect(() => numberOf('x', 'f')).toThrow('expected a number, came "x"');
  });

  test('reads a time as UTC and drops its fraction', () => {
    expect(timeOf('2014-07-01 00:30:00.000000', 'f')).toBe(Date.UTC(2014, 6, 1, 0, 30));
    expect(timeText(Date.UTC(2014, 6, 1, 0, 30))).toBe('2014-07-01 00:30:00');
    expect(() => timeOf('1/7/2014', 'f')).toThrow('expected a time like');
  });
});

describe('a data folder', () => {
  test('that is not there is named with what its README calls it', () => {
    expect(() => findFolder('/nowhere', nycTaxiFolder)).toThrow(
      /expected the data folder "nyc_taxi" \(NYC taxi demand.*nyc_taxi_perturb\.csv.*no such folder at \/nowhere/,
    );
    expect(() => findFolder(tmpdir(), nabFolder)).toThrow(/found no such file at/);
  });
});

withData('nyc_taxi', 'the taxi data', () => {
  test('are the published ones', () => {
    expect(findFolder(sharedData, nycTaxiFolder)).toBe(folder('nyc_taxi'));
    expect(findFolder(folder('nyc_taxi'), nycTaxiFolder)).toBe(folder('nyc_taxi'));
    const values = channelOf(readTaxi(folder('nyc_taxi')));
    expect(values).toHaveLength(17_520);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(15_075.67, 2);
    expect(deviationOf(values)).toBeCloseTo(6821.08, 2);
  });

  test('differ in 910 rows from the perturbed ones, none before April 2015', () => {
    const plain = readTaxi(folder('nyc_taxi'));
    const perturbed = channelOf(readTaxi(folder('nyc_taxi'), 'perturbed'));
    const differ = [...channelOf(plain).entries()].filter(([row, value]) => value !== perturbed[row]);
    expect(differ).toHaveLength(910);
    expect(differ[0][0]).toBeGreaterThanOrEqual(13_152);
    expect(timeText(plain.rows[13_152].timeMs)).toBe('2015-04-01 00:00:00');
  });

  test('come with two files of published forecasts', () => {
    expect(readTaxiReference(folder('nyc_taxi'), 'TM')).toHaveLength(17_520);
    expect(readTaxiReference(folder('nyc_taxi'), 'plainKNN')).toHaveLength(17_520);
  });
});

withData('hotgym', 'hotgym', () => {
  test('is half a year of hours', () => {
    const { rows } = readHotgym(folder('hotgym'));
    expect(rows).toHaveLength(4391);
    expect(timeText(rows[0].timeMs)).toBe('2010-07-02 00:00:00');
    expect(rows[0].values).toEqual([21.2]);
    expect(timeText(rows[4390].timeMs).slice(0, 10)).toBe('2010-12-31');
  });
});

withData('pems_flow_1lane', 'PeMS', () => {
  test('is the train file and then the test file', () => {
    const { rows, trainRows } = readPems(folder('pems_flow_1lane'));
    expect([trainRows, rows.length]).toEqual([7776, 12_096]);
    expect(timeText(rows[0].timeMs)).toBe('2016-01-04 00:00:00');
    expect(timeText(rows[trainRows].timeMs)).toBe('2016-03-04 00:00:00');
    expect(rows[trainRows].values).toEqual([16]);
  });
});

withData('ett', 'ETT', () => {
  test('has seven channels and the split of the papers', () => {
    const series = readEtt(folder('ett'), 'ETTh1');
    expect(series.channels).toEqual(['HUFL', 'HULL', 'MUFL', 'MULL', 'LUFL', 'LULL', 'OT']);
    expect(series.rows).toHaveLength(17_420);
    expect(ettSplit('ETTh1')).toEqual({ trainRows: 2880, testFrom: 3600, testTo: 14_400 });
    expect(ettSplit('ETTm1')).toEqual({ trainRows: 11_520, testFrom: 14_400, testTo: 57_600 });
  });

  test('is scaled by what the train rows say and nothing later', () => {
    const series = readEtt(folder('ett'), 'ETTh1');
    const { trainRows } = ettSplit('ETTh1');
    const scaled = standardise(series, trainRows);
    const head = channelOf(scaled, 6).subarray(0, trainRows);
    expect(head.reduce((sum, value) => sum + value, 0) / trainRows).toBeCloseTo(0, 9);
    expect(deviationOf(head)).toBeCloseTo(1, 9);
    const altered = { ...series, rows: series.rows.map((row, at) => (at < trainRows ? row : { ...row, values: [] })) };
    expect(standardise(altered, trainRows).rows.slice(0, trainRows)).toEqual(scaled.rows.slice(0, trainRows));
  });
});

withData('traffic_los_loop', 'Los-loop', () => {
  test('is a week of 207 sensors', () => {
    const { rows, channels } = readLosLoop(folder('traffic_los_loop'));
    expect([rows.length, channels.length, new Set(channels).size]).toEqual([2016, 207, 207]);
    expect(rows.every(({ values }) => values.every((value) => value > 0))).toBe(true);
  });
});

withData('nab', 'NAB', () => {
  test('has 58 files, 365,558 rows and 116 windows', () => {
    const files = readNab(folder('nab'));
    expect(files).toHaveLength(58);
    expect(files.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(365_558);
    expect(files.reduce((sum, { windows }) => sum + windows.length, 0)).toBe(116);
    expect(files.filter(({ windows }) => windows.length === 0)).toHaveLength(6);
    for (const { windows, rows } of files) {
      for (const [first, last] of windows) expect(first <= last && last < rows.length).toBe(true);
    }
  });

  test('has a published score for every row', () => {
    const scores = readNabScores(folder('nab'), 'ARTime');
    for (const { name, rows } of readNab(folder('nab'))) expect(scores.get(name)).toHaveLength(rows.length);
  });
});

withData('skab', 'SKAB', () => {
  test('has 34 experiments of 8 sensors, in order of their numbers', () => {
    const experiments = readSkab(folder('skab'));
    expect(experiments).toHaveLength(34);
    expect(experiments.slice(9, 12).map(({ name }) => name)).toEqual([
      'valve1/9.csv',
      'valve1/10.csv',
      'valve1/11.csv',
    ]);
    expect(experiments.every(({ channels }) => channels.length === 8)).toBe(true);
    expect(experiments.every(({ anomalous, rows }) => anomalous.length === rows.length)).toBe(true);
    expect(experiments.flatMap(({ changepoints }) => changepoints).length).toBeGreaterThan(34);
  });
});
