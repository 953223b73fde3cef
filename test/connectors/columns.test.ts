import { describe, expect, test } from 'vitest';
import { Chooser, type ColumnOptions, type Columns } from '../../connectors/columns.js';

const choose = (
  names: readonly string[],
  rows: readonly (readonly unknown[])[],
  options: ColumnOptions = {},
): Columns => {
  const chooser = new Chooser('data.csv', 'data', options);
  chooser.columns(names);
  for (const row of rows) if (chooser.row(row)) break;
  return chooser.settle();
};
const day = '2020-01-01';

describe('choosing', () => {
  test('the time is found by name, the channels are what is numeric', () => {
    const columns = choose(['DateTime', 'a', 'note', 'b'], [[day, '1', 'hot', '']]);
    expect(columns.channels).toEqual(['a', 'b']);
    expect(columns.needed).toEqual(['DateTime', 'a', 'b']);
  });

  test('the first dated row decides, not a row of types', () => {
    expect(
      choose(
        ['time', 'a', 'note'],
        [
          ['T', '', ''],
          [day, '1', 'hot'],
        ],
      ).channels,
    ).toEqual(['a']);
  });

  test('named columns are taken in the order named', () => {
    const columns = choose(['when', 'a', 'b', 'id'], [[day, '1', '2', 'x']], {
      time: 'when',
      values: ['b', 'a'],
      key: 'id',
    });
    expect(columns.decode([day, '1', '2', 'x'], 5)).toEqual({
      key: 'x',
      timeMs: Date.UTC(2020, 0),
      values: [2, 1],
      offset: 5,
    });
  });

  test('a step stands for times', () => {
    const columns = choose(['767541', '767542'], [['64', '67']], { step: 300_000 });
    expect(columns.decode(['64', '67'], 2)).toMatchObject({ timeMs: 600_000, values: [64, 67] });
  });

  test('events as Engram writes them need no options', () => {
    const columns = choose(['key', 'timeMs', 'offset', 'values.0', 'score'], [['k', 1.5e12, 0, 7, 0.5]]);
    expect(columns.channels).toEqual(['values.0']);
    expect(columns.decode(['k', 1.5e12, 0, 7, 0.5], 0)).toMatchObject({ key: 'k', timeMs: 1.5e12, values: [7] });
  });

  test('results as Engram writes them in columns need no options: what is said about the channels is none', () => {
    const names = ['id', 'key', 'time', 'offset', 'timestamp', 'flow', 'surprise', 'score', 'alarm', 'flow_mean_h1'];
    const row = ['s@7', 'k', new Date(5000), 7n, null, 3, 0.5, 0.1, false, 4];
    const columns = choose(names, [row]);
    expect(columns.channels).toEqual(['timestamp', 'flow']);
    expect(columns.decode(row, 0)).toEqual({ key: 'k', timeMs: 5000, values: [Number.NaN, 3], offset: 0 });
    expect(choose(names, [row], { values: ['score'], key: 'id' }).decode(row, 0)).toMatchObject({
      key: 's@7',
      values: [0.1],
    });
    // Only in this order they are ours.
    expect(choose(['id', 'key', 'time', 'flow'], [['1', '2', day, '3']]).channels).toEqual(['id', 'key', 'flow']);
  });

  test('a column of numbers that no event may have is no channel, unless it is named', () => {
    const row = [day, '1881234567890123456', '3'];
    expect(choose(['time', 'id', 'v'], [row]).channels).toEqual(['v']);
    const named = choose(['time', 'id', 'v'], [row], { values: ['id'] });
    expect(named.decode(row, 0)).toBeUndefined();
    expect(named.fault.reason).toBe('too-large');
  });

  test.each<[string, readonly string[], readonly (readonly unknown[])[], ColumnOptions, RegExp]>([
    [
      'a misspelt column',
      ['time', 'value'],
      [[day, 1]],
      { values: ['valeu'] },
      /no column "valeu" \(did you mean "value"\?\). The columns are: time, value/,
    ],
    [
      'a misspelt time',
      ['time', 'value'],
      [[day, 1]],
      { time: 'tiem' },
      /time: there is no column "tiem" \(did you mean "time"/,
    ],
    ['a misspelt key', ['time', 'value'], [[day, 1]], { key: 'kez' }, /key: there is no column "kez"/],
    ['no time', ['a', 'b'], [], {}, /expected one column called timestamp.*there is none.*The columns are: a, b/s],
    ['two times', ['date', 'time'], [], {}, /there are date, time: name the time column/],
    ['two of one name', ['time', 'a', 'a'], [[day, 1, 2]], {}, /expected one column "a", there are two/],
    ['nothing numeric', ['time', 'a'], [[day, 'x']], {}, /expected at least one numeric column/],
    ['no readable time', ['time', 'a'], [['soon', 1]], {}, /expected times in column "time".*came "soon"/],
    [
      'an ambiguous time',
      ['time', 'a'],
      [['1/4/2016 0:00', 1]],
      {},
      /can be day\/month or month\/day: name the order of day and month \(timeFormat, --time-format\): dmy or mdy/,
    ],
    [
      'an unknown zone',
      ['time', 'a'],
      [[day, 1]],
      { zone: 'Rome' },
      /zone \(--zone\): expected an offset such as \+02:00/,
    ],
    ['a wrong step', ['a'], [[1]], { step: 0 }, /step: expected milliseconds above 0, got 0/],
    ['step and time', ['t', 'a'], [], { step: 1, time: 't' }, /either a time column or a step/],
    ['no values', ['t', 'a'], [], { values: [] }, /values: expected at least one column/],
    ['an unknown format', ['t', 'a'], [], { timeFormat: 'ymd' as 'iso' }, /timeFormat: expected auto, iso/],
  ])('%s is an error that helps', (_, names, rows, options, message) => {
    expect(() => choose(names, rows, options)).toThrow(message);
  });

  test('day and month are told apart by the rows that can be read in one way only', () => {
    expect(
      choose(
        ['time', 'a'],
        [
          ['1/4/2016', 1],
          ['13/4/2016', 1],
        ],
      ).timeFormat,
    ).toBe('dmy');
    expect(choose(['time', 'a'], [['1/4/2016', 1]], { timeFormat: 'mdy' }).decode(['1/4/2016', 1], 0)?.timeMs).toBe(
      Date.UTC(2016, 0, 4),
    );
  });
});

describe('decoding', () => {
  const columns = choose(['time', 'a', 'k'], [[day, 1, 'x']], { key: 'k', values: ['a'] });
  test.each([
    ['not-a-time', ['x', 1, 'k']],
    ['not-a-time', [null, 1, 'k']],
    ['not-a-number', [day, 'x', 'k']],
    ['not-a-number', [day, Number.NEGATIVE_INFINITY, 'k']],
    ['not-a-number', [day, '-Infinity', 'k']],
    ['not-a-number', [day, { a: 1 }, 'k']],
    ['not-a-number', [day, '0b11', 'k']],
    ['not-a-number', [day, '1,5', 'k']],
    ['too-large', [day, '1.1e18', 'k']],
    ['too-large', [day, -1e19, 'k']],
    ['missing-column', [day, undefined, 'k']],
    ['missing-key', [day, 1, '']],
    ['missing-key', [day, 1, null]],
    ['long-key', [day, 1, 'k'.repeat(1025)]],
  ])('%s: %j', (reason, cells) => {
    expect(columns.decode(cells, 0)).toBeUndefined();
    expect(columns.fault.reason).toBe(reason);
    expect(columns.fault.message).toMatch(/^expected/);
  });

  test.each([
    ['', Number.NaN],
    ['  ', Number.NaN],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
    ['null', Number.NaN],
    ['NA', Number.NaN],
    [null, Number.NaN],
    [Number.NaN, Number.NaN],
    [' 1.5 ', 1.5],
    ['-0', -0],
    ['1e3', 1000],
    ['-1e18', -1e18],
    ['+5', 5],
    [true, 1],
    ['0', 0],
  ])('%j is %d', (cell, value) => {
    expect(columns.decode([day, cell, 'k'], 0)?.values).toEqual([value]);
  });

  test('numbers of 64 bits are read', () => {
    expect(columns.decode([day, 7n, 'k'], 0)?.values).toEqual([7]);
    expect(columns.decode([day, 9_223_372_036_854_775_807n, 'k'], 0)).toBeUndefined();
    expect(columns.fault).toMatchObject({
      reason: 'too-large',
      message: expect.stringMatching(/^expected a number of at most 1e18 in size in "a", got 9223372036854775807/),
    });
  });

  test('keys of numbers are text', () => {
    expect(columns.decode([day, 1, 42], 0)?.key).toBe('42');
    expect(columns.decode([day, 1, 'Ä\ud83d'], 0)?.key).toBe('Ä\ud83d');
  });
});

describe('words', () => {
  const rows = [[day, '1', 'OPEN', 'x']];
  test('channels of words stand behind those of numbers, which are none unless named', () => {
    const both = choose(['time', 'a', 'state', 'id'], rows, { values: ['a'], categories: ['state'] });
    expect([both.channels, both.categories]).toEqual([['a', 'state'], ['state']]);
    expect(both.decode([day, '1', ' OPEN ', 'x'], 3)).toMatchObject({
      ...{ values: [1, Number.NaN], words: [undefined, 'OPEN'], offset: 3 },
    });
    expect(both.decode([day, '', '', 'x'], 4)).toMatchObject({ words: [undefined, undefined] });
    const only = choose(['time', 'a', 'state', 'id'], rows, { categories: ['state', 'id'] });
    expect(only.channels).toEqual(['state', 'id']);
    expect(only.decode([day, '1', undefined, 7], 0)).toMatchObject({ words: [undefined, '7'] });
  });
  test('a column is of numbers or of words, and must be there', () => {
    expect(() => choose(['time', 'a'], [[day, '1']], { values: ['a'], categories: ['a'] })).toThrow(/"a" twice/);
    expect(() => choose(['time', 'a'], [[day, '1']], { categories: ['stat'] })).toThrow(
      /categories: there is no column/,
    );
  });
});
