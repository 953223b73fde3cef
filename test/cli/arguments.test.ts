import { describe, expect, test } from 'vitest';
import { parseColumns, parseHorizons, parseSpeed, parseStep } from '../../cli/arguments.js';

describe('arguments', () => {
  test.each([
    ['1,5,48', [1, 5, 48]],
    ['48, 1', [1, 48]],
    ['7', [7]],
  ])('horizons %j', (text, horizons) => expect(parseHorizons(text)).toEqual(horizons));
  test.each(['', '0', '1.5', '-1', '1,,2', '1e3'])('horizons %j are refused', (text) =>
    expect(() => parseHorizons(text)).toThrow('--horizons: expected rows ahead'),
  );
  test.each([
    ['flow', ['flow']],
    ['flow, speed', ['flow', 'speed']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",x', ['say "hi"', 'x']],
  ])('columns %j', (text, columns) => expect(parseColumns(text)).toEqual(columns));
  test.each(['', ',', 'a,', ',a'])('columns %j are refused', (text) =>
    expect(() => parseColumns(text)).toThrow('--values'),
  );
  test.each([
    ['60x', 60],
    ['0.5', 0.5],
    ['1000X', 1000],
  ])('speed %j', (text, speed) => expect(parseSpeed(text)).toBe(speed));
  test.each([
    ['30min', 1_800_000],
    ['5s', 5000],
    ['100ms', 100],
    ['250', 250],
    ['1.5h', 5_400_000],
  ])('step %j', (text, stepMs) => expect(parseStep(text)).toBe(stepMs));
  test.each(['0', '-5s', 'min', '5 weeks'])('step %j is refused', (text) =>
    expect(() => parseStep(text)).toThrow('--step'),
  );
});
