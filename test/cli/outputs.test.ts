import { describe, expect, test } from 'vitest';
import { parseOut, refuseClashes, withRejects } from '../../cli/outputs.js';

describe('--out', () => {
  test.each([
    ['forecasts.ndjson', 'forecasts', 'ndjson'],
    ['out/run7.parquet', 'forecasts', 'parquet'],
    ['out/anomalies.arrow', 'anomalies', 'arrow'],
    ['Anomalies-2024.jsonl', 'anomalies', 'ndjson'],
    ['anomalies/run7.arrow', 'forecasts', 'arrow'],
    ['pump-anomalies.ndjson', 'anomalies', 'ndjson'],
    ['pump.rejects.2024.arrow', 'rejects', 'arrow'],
    ['forecasts-beside-anomalies.arrow', 'forecasts', 'arrow'],
    ['rejects.NDJSON', 'rejects', 'ndjson'],
    ['-', 'forecasts', 'ndjson'],
  ])('%s takes %s as %s', (path, kind, format) => expect(parseOut(path)).toEqual({ kind, path, format }));
  test.each([
    ['anomalies:run7.arrow', 'anomalies', 'run7.arrow', 'arrow'],
    ['anomalies:-', 'anomalies', '-', 'ndjson'],
    ['forecasts:anomalies.ndjson', 'forecasts', 'anomalies.ndjson', 'ndjson'],
    ['rejects:bad.parquet', 'rejects', 'bad.parquet', 'parquet'],
    // One letter before the colon is a drive, not a kind.
    ['C:\\data\\x.arrow', 'forecasts', 'C:\\data\\x.arrow', 'arrow'],
  ])('%s takes %s into %s', (text, kind, path, format) => expect(parseOut(text)).toEqual({ kind, path, format }));
  test.each(['x', 'x.csv', 'x.', 'forecast:x.arrow'])('%s is refused', (text) =>
    expect(() => parseOut(text)).toThrow(`--out ${text}`),
  );
});

describe('rejects', () => {
  test.each([
    [['out/forecasts.ndjson'], undefined, 'out/rejects.ndjson'],
    [['-'], 'state', 'state/rejects.ndjson'],
    [[], undefined, 'rejects.ndjson'],
    [['a/x.arrow', 'b/anomalies.ndjson'], 'state', 'a/rejects.ndjson'],
  ])('of %j with state %j go to %s', (outs, state, path) =>
    expect(withRejects(outs.map(parseOut), state).at(-1)).toEqual({ kind: 'rejects', path, format: 'ndjson' }),
  );
  test('go where they are sent', () => expect(withRejects([parseOut('rejects:bad.arrow')], 'state')).toHaveLength(1));
});

describe('clashes', () => {
  test('two outputs in one file, an output over the input, a report over an output', () => {
    expect(() => refuseClashes(['x.ndjson', 'anomalies:./x.ndjson'].map(parseOut), 'in.csv', undefined)).toThrow(
      'already used',
    );
    expect(() => refuseClashes([parseOut('in.ndjson')], './in.ndjson', undefined)).toThrow('which is the input');
    const live = [parseOut('forecasts:kafka://b:1/traffic.forecasts')];
    expect(() => refuseClashes(live, 'kafka://a:1/traffic', undefined, ['traffic.forecasts'])).toThrow(
      'which is written by `engram run` with the file of --run',
    );
    expect(() => refuseClashes(['-', 'anomalies:-'].map(parseOut), 'in.csv', undefined)).toThrow('already used');
    expect(() => refuseClashes([parseOut('-')], '-', 'r.html')).not.toThrow();
  });
});
