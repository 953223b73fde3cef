import { expect, test } from 'vitest';
import { readyRules } from '../../operators/alert-rule.js';
import { aboutOf, abouts, alertLayout, crowdHash, kindOf } from '../../operators/alert-slots.js';
import { rowBytes } from '../../state/layout.js';

test('a rule has two slots: of the key itself and of many keys, with names that lead to each other', () => {
  for (const { hash } of readyRules([{ name: 'any' }, { name: 'bad' }])) {
    expect(crowdHash(hash)).not.toBe(hash);
    expect(crowdHash(crowdHash(hash))).toBe(hash);
  }
});

test('silence and strange values are of the key, a crowd is not', () => {
  const about = (kind?: 'silence' | 'together') => aboutOf(kindOf({ ...(kind ? { kind } : {}) } as never));
  expect([about(), about('silence'), about('together')]).toEqual([abouts.own, abouts.own, abouts.crowd]);
});

test('a key costs its card and little more', () => {
  expect(rowBytes(alertLayout)).toBeLessThan(4096 + 1500);
});
