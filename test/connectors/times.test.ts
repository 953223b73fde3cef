import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatOf, timeReader, zoneOf } from '../../connectors/times.js';

const utc = (...parts: [number, number, ...number[]]) => Date.UTC(...parts);

describe('iso', () => {
  const read = timeReader('iso', 0);
  test.each([
    ['2014-07-01 00:30:00', utc(2014, 6, 1, 0, 30)],
    ['2014-07-01T00:30:00', utc(2014, 6, 1, 0, 30)],
    ['2014-07-01T00:30:00Z', utc(2014, 6, 1, 0, 30)],
    ['2014-07-01T00:30:00.25Z', utc(2014, 6, 1, 0, 30, 0, 250)],
    ['2014-07-01T00:30:00.123456789', utc(2014, 6, 1, 0, 30, 0, 123)],
    ['2014-07-01T00:30:00+02:00', utc(2014, 5, 30, 22, 30)],
    ['2014-07-01 00:30:00-0530', utc(2014, 6, 1, 6, 0)],
    ['2014-07-01T00:30+02', utc(2014, 5, 30, 22, 30)],
    ['2014-07-01 00:30', utc(2014, 6, 1, 0, 30)],
    ['2014-07-01', utc(2014, 6, 1)],
    ['2014/7/1 6:05', utc(2014, 6, 1, 6, 5)],
    ['2016-02-29', utc(2016, 1, 29)],
    ['2000-02-29 23:59:59', utc(2000, 1, 29, 23, 59, 59)],
    ['1969-12-31 23:59:59', -1000],
  ])('%s', (text, timeMs) => {
    expect(read(text)).toBe(timeMs);
  });

  test.each([
    '',
    'T',
    'datetime',
    '2014-13-01',
    '2014-00-01',
    '2014-02-29',
    '1900-02-29 00:00:00',
    '2014-04-31 00:00:00',
    '2014-07-01 24:00:00',
    '2014-07-01 00:60:00',
    '2014-07-01 00:00:60',
    '2014-07-01 0x:00:00',
    '2014-7/1',
    '0000-01-01 00:00:00',
    '2014-07-01 00:00:00 PST',
    '20140701',
    '2014-07-01 00:00:0a',
  ])('refuses %j', (text) => {
    expect(read(text)).toBeNaN();
  });

  test('agrees with Date over the whole calendar, in both paths', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const text = date.toISOString();
          expect(read(text)).toBe(date.getTime());
          expect(read(text.slice(0, 19).replace('T', ' '))).toBe(Math.floor(date.getTime() / 1000) * 1000);
        },
      ),
    );
  });

  test('a time without zone is in the given one', () => {
    expect(timeReader('iso', 7_200_000)('2014-07-01 02:00:00')).toBe(utc(2014, 6, 1));
    expect(timeReader('iso', 7_200_000)('2014-07-01 02:00:00Z')).toBe(utc(2014, 6, 1, 2));
  });
});

test('day first and month first', () => {
  const dmy = timeReader('dmy', 0);
  const mdy = timeReader('mdy', 0);
  expect(dmy('04/03/2016 0:05')).toBe(utc(2016, 2, 4, 0, 5));
  expect(mdy('7/2/10 0:00')).toBe(utc(2010, 6, 2));
  expect(mdy('7/2/10 12:05 AM')).toBe(utc(2010, 6, 2, 0, 5));
  expect(mdy('7/2/69 1:05:06 pm')).toBe(utc(1969, 6, 2, 13, 5, 6));
  expect(dmy('31.12.1999')).toBe(utc(1999, 11, 31));
  for (const bad of ['31/13/2000', '13/31/2000x', '1/4', '1/4/2016 25:00', '1/4/2016 13:00 PM', 5])
    expect(dmy(bad)).toBeNaN();
});

test('numbers are seconds below 1e11 and milliseconds above', () => {
  expect(formatOf('1404172800')).toBe('epoch-s');
  expect(formatOf(1404172800.5)).toBe('epoch-s');
  expect(formatOf('1404172800000')).toBe('epoch-ms');
  expect(formatOf(1404172800000n)).toBe('epoch-ms');
  expect(formatOf(1e16)).toBeUndefined();
  expect(timeReader('epoch-s', 0)('1404172800.25')).toBe(1404172800250);
  expect(timeReader('epoch-ms', 0)('1404172800000')).toBe(1404172800000);
  for (const bad of ['', 'x', '1e400', '0x10', null, true]) expect(timeReader('epoch-s', 0)(bad)).toBeNaN();
  expect(timeReader('epoch-ms', 0)(9e15)).toBeNaN();
});

test('the format is told from a cell, or that it could be two', () => {
  expect(formatOf('2014-07-01')).toBe('iso');
  expect(formatOf('13/4/2016')).toBe('dmy');
  expect(formatOf('4/13/2016')).toBe('mdy');
  expect(formatOf('4/3/2016')).toBe('either');
  expect(formatOf('datetime')).toBeUndefined();
  expect(formatOf(null)).toBeUndefined();
  expect(formatOf(new Date(0))).toBe('epoch-ms');
});

test('zones are offsets', () => {
  expect(zoneOf('Z')).toBe(0);
  expect(zoneOf('+02:00')).toBe(7_200_000);
  expect(zoneOf('-0530')).toBe(-19_800_000);
  expect(zoneOf('Europe/Rome')).toBeUndefined();
  expect(['+25:00', '+16:00', '-02:60', '+99'].map(zoneOf)).toEqual([undefined, undefined, undefined, undefined]);
  expect(timeReader('iso', 0)('2024-05-01T00:00:00+25:00')).toBeNaN();
});
