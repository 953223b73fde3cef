import { describe, expect, test } from 'vitest';
import { hold, holdLayout, isHeld } from '../../../operators/evidence/hold.js';
import type { Reasons } from '../../../operators/evidence/judge.js';
import { measured } from '../../../operators/evidence/measure.js';
import { key } from './noise.js';
import { rowOf } from './row.js';

describe('what holds', () => {
  test('a shift holds while the mean is out of its old range and rows keep it there, and ends when it is back', () => {
    const { own, show, z } = key();
    const holding = rowOf(holdLayout);
    let reasons: Reasons | undefined;
    for (let i = 0; i < 10; i++) reasons = show(5 + 0.1 * z());
    const told = measured(own, reasons as Reasons);
    const level = told.parts.find(({ kind }) => kind === 'level');
    hold(holding, own, { ...told, parts: level ? [level] : [] });
    const held = (value: number): boolean => {
      show(value);
      return isHeld(holding, own, false, [value]);
    };
    expect(Array.from({ length: 50 }, () => held(5 + 0.1 * z()))).toEqual(Array(50).fill(true));
    // The mean is still out of range, but the row is none of those that keep it there.
    expect(held(0)).toBe(false);
    expect(held(5)).toBe(true);
    for (let i = 0; i < 25; i++) held(z());
    expect(held(0)).toBe(false);
  });

  test('what lasts is learned: nothing holds for ever', () => {
    const { own, show } = key();
    const holding = rowOf(holdLayout);
    const told = measured(own, show(50));
    hold(holding, own, told);
    let rows = 0;
    for (let i = 0; i < 1000; i++) {
      show(50);
      if (isHeld(holding, own, false, [50])) rows++;
    }
    expect(rows).toBeGreaterThan(50);
    expect(rows).toBeLessThanOrEqual(200);
  });

  test('a row in which the channel is missing holds nothing, and a jump holds by more than the error of its first row', () => {
    const { own, show, z } = key();
    const holding = rowOf(holdLayout);
    const told = measured(own, show(50));
    expect(told.parts.some(({ kind }) => kind === 'single error')).toBe(true);
    hold(holding, own, { ...told, parts: told.parts.toSorted((a) => (a.kind === 'single error' ? -1 : 1)) });
    show(50 + 0.1 * z());
    expect(isHeld(holding, own, false, [50])).toBe(true);
    expect(isHeld(holding, own, false, [Number.NaN])).toBe(false);
  });

  test('a joint state holds while it is abnormal; before any alarm nothing does', () => {
    const { own } = key();
    const holding = rowOf(holdLayout);
    expect(isHeld(holding, own, true, [0])).toBe(false);
    hold(holding, own, { channel: -1, channels: [0], parts: [{ kind: 'joint state', nats: 1 }] });
    expect([true, false, true].map((abnormal) => isHeld(holding, own, abnormal, [0]))).toEqual([true, false, true]);
  });
});
