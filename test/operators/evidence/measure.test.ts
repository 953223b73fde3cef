import { describe, expect, test } from 'vitest';
import { JudgeOf, judgeLayout, type Reasons } from '../../../operators/evidence/judge.js';
import { channelOf, isOfKey, ledBy, measured, newestChannel, rowsOf } from '../../../operators/evidence/measure.js';
import { chance, normal } from '../harness.js';
import { key } from './noise.js';
import { rowOf } from './row.js';

const partOf = (own: ReturnType<typeof key>['own'], reasons: Reasons, kind: string) =>
  measured(own, reasons).parts.find((part) => part.kind === kind)?.measured;

describe('what was measured', () => {
  test('a value outside its range is told with the range as it was before, near and far outside', () => {
    for (const far of [1.5, 4, 300]) {
      const { own, show, low, high } = key();
      const found = partOf(own, show(far * high), 'value');
      expect(found?.actual).toBe(far * high);
      expect(found?.low).toBeCloseTo(low, 9);
      expect(found?.high).toBeCloseTo(high, 6);
    }
  });

  test('a mean, a spread and a highest value have the numbers that anybody would reckon', () => {
    const { own, show, z } = key();
    let shifted: Reasons | undefined;
    const last: number[] = [];
    for (let i = 0; i < 20; i++) {
      last.push(z() + 3);
      shifted = show(last[i] as number);
    }
    const mean = last.reduce((sum, x) => sum + x, 0) / 20;
    const level = partOf(own, shifted as Reasons, 'level');
    expect(level?.actual).toBeCloseTo(mean, 9);
    expect(level?.high).toBeLessThan(mean);
    const wild = key();
    const ceiling = partOf(wild.own, wild.show(9), 'ceiling');
    expect(ceiling?.actual).toBe(9);
    expect(ceiling?.high).toBeCloseTo(wild.high, 6);
    wild.show(0);
    // The highest value is that of the row before, wherever the mean of these lies.
    expect(ledBy(wild.own, 'ceiling', 0, { actual: 9, low: 1, high: 2 }).strongest).toBe(1);
    expect(ledBy(wild.own, 'floor', 0, { actual: 2, low: 0, high: 1 }).strongest).toBeGreaterThan(1);
  });

  test('what led to a mean that is out of range: the first row that lay there, and the one that did most', () => {
    const { own, show, z } = key();
    for (let i = 0; i < 8; i++) show(4 + 0.1 * z() + (i === 5 ? 3 : 0));
    const reasons = show(4);
    const found = partOf(own, reasons, 'level');
    const led = ledBy(own, 'level', 0, found as NonNullable<typeof found>);
    expect(led).toEqual({ strongest: 3, since: 8 });
  });

  test('a flat line begins where the value was last another one', () => {
    const { own, show } = key();
    let reasons: Reasons | undefined;
    for (let i = 0; i < 25; i++) reasons = show(0.5);
    const narrow = { actual: Math.log(0.01), low: Math.log(0.5), high: Math.log(1.2) };
    expect(ledBy(own, 'spread', 0, narrow).since).toBeGreaterThanOrEqual(24);
    expect(reasons).toBeDefined();
  });

  test('of channels that part the one that did more is told, though a third has never said anything', () => {
    const own = rowOf(judgeLayout(3));
    const judges = new JudgeOf(3, 10_000);
    const z = normal(chance(8));
    let parted: Reasons | undefined;
    for (let i = 0; i < 1230; i++) {
      const common = z();
      const values = [i < 1200 ? common + 0.1 * z() : -3 * common, common + 0.1 * z(), Number.NaN];
      judges.judge(own, { timeMs: 60_000 * i, values, tail: [0.5, 0.5, Number.NaN], expected: [0, 0, 0] }, i > 100);
      if (i >= 1200 && judges.reasons().parts.some(({ kind }) => kind === 'relation')) parted = judges.reasons();
    }
    const unnamed = { ...(parted as Reasons), channel: -1 };
    expect([0, 1]).toContain(channelOf(own, 'relation', unnamed));
    expect(measured(own, unnamed).parts.find(({ kind }) => kind === 'relation')?.measured?.actual).toBeGreaterThan(1);
  });

  test('a flat line has no spread at all', () => {
    const { own, show } = key();
    let reasons: Reasons | undefined;
    for (let i = 0; i < 100; i++) reasons = show(0.5);
    expect(Math.exp(partOf(own, reasons as Reasons, 'spread')?.actual ?? Number.NaN)).toBe(0);
  });

  test('kinds say how many rows they are about, and whose they are', () => {
    expect([rowsOf.value, rowsOf.level, rowsOf.spread, rowsOf.pace]).toEqual([1, 20, 100, 10]);
    expect([isOfKey('level'), isOfKey('pace'), isOfKey('relation')]).toEqual([false, true, true]);
    expect(newestChannel({ channel: -1, channels: [1, 3, 2], parts: [] })).toBe(1);
  });
});
