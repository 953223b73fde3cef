import { expect, test } from 'vitest';
import { detect } from '../../operators/detect.js';
import { interval } from '../../operators/interval.js';
import { normalize } from '../../operators/normalize.js';
import { remember } from '../../operators/remember.js';
import { differences, differencesMax } from '../../pipelines/difference.js';
import { identityOf, type Pipeline, pipeline } from '../../pipelines/pipeline.js';

const identity = (made: unknown, channels = ['flow'], log = 'csv, header 1a'): string =>
  identityOf(made as Pipeline, channels, log);
const memory = (horizons: number[]) => remember({ memory: 'last-value', horizons });
const plain = pipeline('plain')
  .through(normalize())
  .through(memory([1]))
  .through(interval());

test('pipelines that are the same differ in nothing', () => {
  expect(differences(identity(plain), identity(plain))).toEqual([]);
});

test.each([
  [
    'a setting',
    pipeline('plain')
      .through(normalize())
      .through(memory([1, 2]))
      .through(interval()),
    ['remember.horizons: expected [1], found [1,2]'],
  ],
  [
    'a step more, and the name',
    pipeline('longer')
      .through(normalize())
      .through(memory([1]))
      .through(interval())
      .through(detect()),
    [
      'name: expected plain, found longer',
      'steps: expected normalize, remember, interval, found normalize, remember, interval, detect',
    ],
  ],
  [
    'a step less',
    pipeline('plain')
      .through(memory([1]))
      .through(interval()),
    ['steps: expected normalize, remember, interval, found remember, interval'],
  ],
])('%s is named by where it is', (_, other, lines) => {
  expect(differences(identity(plain), identity(other))).toEqual(lines);
});

test('another log or channel is named', () => {
  expect(differences(identity(plain), identity(plain, ['flow', 'speed'], 'csv, header 2b'))).toEqual([
    'channels: expected ["flow"], found ["flow","speed"]',
    'log: expected csv, header 1a, found csv, header 2b',
  ]);
});

test('what is no JSON differs as a whole, and a long list is cut', () => {
  expect(differences(identity(plain), 'old')[0]).toMatch(/^pipeline: expected \{.*, found old$/);
  const many = (of: number) => JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, of])));
  const lines = differences(many(1), many(2));
  expect(lines).toHaveLength(differencesMax + 1);
  expect(lines.at(-1)).toBe('and 8 more');
});
