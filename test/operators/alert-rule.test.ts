import { describe, expect, test } from 'vitest';
import { directionOf, keyLabelsOf, readyRules } from '../../operators/alert-rule.js';

describe('a rule that is wrong is refused with its place', () => {
  test.each([
    [[], 'alert.rules: expected a list of 1 to 8 rules, got 0 of them'],
    [Array.from({ length: 9 }, (_, i) => ({ name: `r${i}` })), 'got 9 of them'],
    [[{ name: 'a' }, { name: 'a' }], 'alert.rules[1].name: expected another name than alert.rules[0], got "a"'],
    [[{ name: '' }], 'alert.rules[0].name: expected a name of 1 to 100 characters, got ""'],
    [[{ name: 'a', minDuration: 5 }], 'alert.rules[0].minDuration: expected one of the options name, match'],
    [[{ name: 'a', minDurationMs: -1 }], 'alert.rules[0].minDurationMs: expected a number of at least 0, got -1'],
    [[{ name: 'a', threshold: { open: 0.1, close: 0.01 } }], 'threshold.close: expected a number of at least 0.1'],
    [[{ name: 'a', severity: 'bad' }], 'severity: expected one of info, warning, major, critical, got "bad"'],
    [[{ name: 'a', direction: 'up' }], 'direction: expected one of above, below, missing, other, got "up"'],
    [[{ name: 'a', labels: { key: 'x' } }], 'labels: expected another label than key, channel'],
    [[{ name: 'a', labels: { team: 1 } }], 'labels.team: expected a text, got 1'],
    [[{ name: 'a', match: { key: 1 } }], 'alert.rules[0].match.key: expected a text'],
    [[null], 'alert.rules[0]: expected a rule, got null'],
    ['rules', 'expected a list of 1 to 8 rules'],
  ])('%j', (rules, message) => expect(() => readyRules(rules as never)).toThrow(message));
});

test('a key may not give labels that alerts have', () =>
  expect(() => keyLabelsOf('{severity}/{x}')).toThrow('alert.keyLabels: expected another label'));

test.each([
  [5, 3, 'above'],
  [1, 3, 'below'],
  [Number.NaN, 3, 'missing'],
  [5, Number.NaN, 'other'],
  [3, 3, 'other'],
] as const)('%d where %d was expected lies %s', (actual, expected, direction) =>
  expect(directionOf({ actual, expected })).toBe(direction),
);
