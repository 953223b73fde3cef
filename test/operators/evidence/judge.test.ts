import { expect, test } from 'vitest';
import { JudgeOf, judgeLayout } from '../../../operators/evidence/judge.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

const shown = (values: number[], i = 0) => ({
  timeMs: 60_000 * (i + 1),
  values,
  tail: values.map(() => 0.5),
  expected: values.map(() => 0),
});

test('a broken pair of channels is abnormal and rare, and the key as a whole is the reason', () => {
  const z = normal(chance(8));
  const own = rowOf(judgeLayout(2));
  const judges = new JudgeOf(2, 10_000);
  for (let i = 0; i < 6000; i++) {
    const common = z();
    judges.judge(own, shown([common + 0.1 * z(), common + 0.1 * z()], i), true);
  }
  let rarest = 1;
  let abnormal = 0;
  for (let i = 6000; i < 6200; i++) {
    const common = z();
    judges.judge(own, shown([common, -common], i), true);
    if (judges.rarity < rarest) rarest = judges.rarity;
    if (judges.abnormal) abnormal++;
  }
  expect(abnormal).toBeGreaterThan(20);
  expect(rarest).toBeLessThan(0.02);
});

test('a spike is rare, its channel and kinds are told, and it scores what it costs while windows are not known', () => {
  const own = rowOf(judgeLayout(2));
  const judges = new JudgeOf(2, 10_000);
  const z = normal(chance(1));
  for (let i = 0; i < 400; i++) judges.judge(own, shown([z(), z()], i), true);
  judges.judge(own, shown([0, 50], 400), true);
  expect(judges.rarity).toBeLessThan(1e-3);
  expect(judges.onset).toBeGreaterThan(3);
  const { channel, channels, parts } = judges.reasons();
  expect(channel).toBe(1);
  expect(channels[0]).toBeLessThan(channels[1] as number);
  expect(parts.slice(0, 3).map(({ kind }) => kind)).toContain('value');
  expect(judges.score(own, 1e-4, 5e-4, true)).toBe(1e-4);
  expect(judges.score(own, 0.5, 5e-4, false)).toBe(1);
});

test('missing values are new where there were none, and are not where they always were', () => {
  for (const [usual, isNew] of [
    [0, true],
    [3, false],
  ] as const) {
    const own = rowOf(judgeLayout(1));
    const judges = new JudgeOf(1, 10_000);
    const z = normal(chance(1));
    for (let i = 0; i < 600; i++) {
      if (usual > 0 && i % usual > 0) judges.judgeMissing(own);
      else judges.judge(own, shown([z()], i), true);
    }
    let newest = 0;
    for (let i = 0; i < 8; i++) {
      judges.judgeMissing(own);
      newest = Math.max(newest, judges.newness);
    }
    expect(newest > 0).toBe(isNew);
  }
});

test('what is new of the whole key lasts in the score: missing values, pace, channels that part, a flat line', () => {
  type Wrong = (i: number) => { readonly values: number[]; readonly timeMs?: number };
  const z = normal(chance(5));
  const usual = (): number[] => {
    const common = z();
    return [common + 0.1 * z(), common + 0.1 * z()];
  };
  const wrongs: Record<string, Wrong> = {
    nothing: () => ({ values: usual() }),
    'missing values': (i) => ({ values: i % 3 > 0 ? [Number.NaN, Number.NaN] : usual() }),
    burst: (i) => ({ values: usual(), timeMs: 1500 * 60_000 + i * 100 }),
    'channels that part': () => ({ values: [z(), z()] }),
    'a flat line': () => ({ values: [0.3, 0.3] }),
  };
  const least = Object.fromEntries(
    Object.entries(wrongs).map(([name, wrong]) => {
      const own = rowOf(judgeLayout(2));
      const judges = new JudgeOf(2, 10_000);
      let score = 1;
      for (let i = 0; i < 1560; i++) {
        const { values, timeMs = i * 60_000 } = i < 1500 ? { values: usual() } : wrong(i - 1500);
        const row = { timeMs, values, tail: values.map(() => 0.5), expected: values.map(() => 0) };
        if (values.every(Number.isNaN)) judges.judgeMissing(own);
        else judges.judge(own, row, true);
        const told = judges.score(own, 1, 5e-4, false);
        if (i >= 1540) score = Math.min(score, told);
      }
      return [name, score];
    }),
  );
  for (const [name, score] of Object.entries(least)) {
    if (name === 'nothing') expect(score, name).toBeGreaterThan(0.2);
    else expect(score, name).toBeLessThan(0.1);
  }
});

test('a channel that goes missing is news of the key, unless missing values are to be ignored', () => {
  const newest = (ignore: boolean) => {
    const z = normal(chance(9));
    const own = rowOf(judgeLayout(2));
    const judges = new JudgeOf(2, 10_000, ignore);
    let nats = 0;
    for (let i = 0; i < 1100; i++) {
      judges.judge(own, shown([z(), i >= 1000 ? Number.NaN : z()], i), true);
      if (i < 1000) continue;
      for (const { kind, nats: said } of judges.reasons().parts) if (kind === 'missing values') nats += said;
    }
    return nats;
  };
  expect(newest(false)).toBeGreaterThan(3);
  expect(newest(true)).toBe(0);
});
