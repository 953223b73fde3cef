import { expect, test } from 'vitest';
import { type AlarmBudget, checkBudget, everyMs, rateOf } from '../../operators/budget.js';

test('times are read as people write them', () => {
  expect(['90s', '30m', '12h', '7d', '2w', '1.5h'].map(everyMs)).toEqual([9e4, 18e5, 432e5, 6048e5, 12096e5, 54e5]);
  for (const wrong of ['7', 'd', '7 d', '-1d', '0d', '7y']) expect(everyMs(wrong)).toBeUndefined();
});

test('a budget is a share of rows, by rows or by the time between them', () => {
  expect(rateOf({ alarms: 2, per: 'key', rows: 1000 }, 0)).toBe(0.002);
  expect(rateOf({ alarms: 1, per: 'key', every: '1d' }, 60_000)).toBe(1 / 1440);
  expect(rateOf({ alarms: 1, per: 'key', every: '1d' }, 0)).toBe(0);
});

test('a wrong budget names itself', () => {
  const check = (budget: unknown) => () => checkBudget('detect.budget', budget as AlarmBudget);
  expect(check(3)).toThrow(/detect\.budget: expected \{ alarms: 1, per: "key", every: "7d" \}.*got 3/);
  expect(check({ alarms: 1, per: 'kye', every: '7d' })).toThrow(/budget\.per: expected one of key, all/);
  expect(check({ alarms: 1, per: 'key', every: '7y' })).toThrow(/budget\.every: expected a time such as "7d".*"7y"/);
  expect(check({ alarms: 1, per: 'key', rows: 5 })).toThrow(/budget\.rows: expected a number of at least 10/);
  expect(check({ alarms: 0, per: 'key', rows: 50 })).toThrow(/budget\.alarms: expected a number/);
  expect(check({ falseDiscoveries: 0.9 })).toThrow(/falseDiscoveries: expected a number of at least/);
  expect(check({ falseDiscoveries: 0.1, per: 'key' })).toThrow(/budget\.per: expected one of the options falseD/);
});
