import { describe, expect, test } from 'vitest';
import { count, figure, moment, odds, percent, plural, span } from '../../cli/numbers.js';

describe('numbers for people', () => {
  test.each([
    [0, '0'],
    [10844, '10,844'],
    [1234567.891, '1,234,568'],
    [123.456, '123.5'],
    [0.123456, '0.1235'],
    [-0.00123456, '-0.001235'],
    [5e-7, '5.00e-7'],
    [1.5e12, '1.50e+12'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '∞'],
    [null, '–'],
    [undefined, '–'],
  ])('figure(%j) is %s', (value, text) => expect(figure(value)).toBe(text));
  test.each([
    [0.001, '1 in 1,000'],
    [0.00034, '1 in 2,900'],
    [1, '1 in 1'],
    [9e-11, '1 in 11 billion'],
    [1e-7, '1 in 10 million'],
    [0, '–'],
  ])('odds(%j) is %s', (score, text) => expect(odds(score)).toBe(text));
  test.each([
    [0, '1970-01-01 00:00'],
    [1404172800000, '2014-07-01 00:00'],
    [1404172805000, '2014-07-01 00:00:05'],
    [1404172805001, '2014-07-01 00:00:05.001'],
    [Number.NaN, '–'],
    [1e300, '–'],
  ])('moment(%j) is %s', (ms, text) => expect(moment(ms)).toBe(text));
  test.each([
    [7, '0:07'],
    [754, '12:34'],
    [11050, '3:04:10'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('span(%j) is %s', (seconds, text) => expect(span(seconds)).toBe(text));
  test('counts, shares, plurals', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect(percent(0.8041)).toBe('80.4 %');
    expect(percent(Number.NaN)).toBe('–');
    expect([plural(1, 'row'), plural(2, 'row'), plural(0, 'anomaly', 'anomalies')]).toEqual([
      '1 row',
      '2 rows',
      '0 anomalies',
    ]);
  });
});
