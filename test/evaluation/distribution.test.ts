import { describe, expect, test } from 'vitest';
import {
  bucketNll,
  cdfThrough,
  crpsOf,
  DistributionScore,
  levelWeights,
  pinball,
} from '../../evaluation/distribution.js';
import { chance, normal } from '../chance.js';

const levels = Array.from({ length: 199 }, (_, at) => (at + 1) / 200);
const uniform = (x: number): number => Math.max(0, Math.min(1, x));

describe('pinball loss and CRPS', () => {
  test('a quantile costs its level below the truth and the rest above', () => {
    expect(pinball(0.9, 1, 3)).toBeCloseTo(1.8, 12);
    expect(pinball(0.9, 3, 1)).toBeCloseTo(0.2, 12);
  });

  test('levels share the whole range from 0 to 1', () => {
    expect(levelWeights([0.1, 0.5, 0.9])).toEqual([0.3, 0.4, 0.3].map((weight) => expect.closeTo(weight, 12)));
    expect(levelWeights([0.5])).toEqual([1]);
  });

  test('is the absolute error for a forecast without spread', () => {
    expect(crpsOf({ levels, quantiles: levels.map(() => 5) }, 8)).toBeCloseTo(3, 9);
    expect(crpsOf({ levels, quantiles: levels.map(() => 8) }, 8)).toBe(0);
  });

  test('is the known integral for a uniform forecast', () => {
    // The integral of (F(x) - 1[x >= y])² for the uniform distribution on [0, 1]: (y³ + (1 - y)³) / 3.
    for (const truth of [0.1, 0.5, 0.73]) {
      const known = (truth ** 3 + (1 - truth) ** 3) / 3;
      expect(crpsOf({ levels, quantiles: levels }, truth)).toBeCloseTo(known, 4);
    }
  });
});

describe('coverage', () => {
  const five = [0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99];

  test('of a forecast that is right comes to its promise', () => {
    const random = chance(7);
    const score = new DistributionScore();
    for (let i = 0; i < 50_000; i++) score.add({ levels: five, quantiles: five }, random());
    expect(score.metrics.coverage_80).toBeCloseTo(0.8, 2);
    expect(score.metrics.coverage_90).toBeCloseTo(0.9, 2);
    expect(score.metrics.coverage_98).toBeCloseTo(0.98, 2);
  });

  test('of a forecast that is too narrow does not', () => {
    const random = chance(7);
    const score = new DistributionScore();
    const narrow = five.map((level) => level * 0.5);
    for (let i = 0; i < 5000; i++) score.add({ levels: five, quantiles: narrow }, random());
    expect(score.metrics.coverage_80).toBeLessThan(0.5);
  });

  test('takes the distribution function where a quantile is not given, and asks for one', () => {
    const some = [0.1, 0.9];
    const score = new DistributionScore();
    score.add({ levels: some, quantiles: some, cdf: uniform }, 0.96);
    expect(score.metrics).toMatchObject({ coverage_80: 0, coverage_90: 0, coverage_98: 1 });
    expect(() => score.add({ levels: some, quantiles: some }, 0.5)).toThrow('came neither');
  });

  test('nothing is told when nothing was added', () => {
    expect(new DistributionScore().metrics).toEqual({});
  });
});

describe('the distribution function through quantiles', () => {
  test('is the level at each quantile, straight between, and stays inside 0 and 1 without a jump at the ends', () => {
    const cdf = cdfThrough([0.1, 0.5, 0.9], [10, 20, 40]);
    expect([10, 20, 40].map(cdf)).toEqual([0.1, 0.5, 0.9].map((level) => expect.closeTo(level, 12)));
    expect(cdf(15)).toBeCloseTo(0.3, 12);
    expect(cdf(10 - 1e-9)).toBeCloseTo(0.1, 9);
    expect(cdf(-1e6)).toBeCloseTo(0, 12);
    expect(cdf(1e6)).toBeCloseTo(1, 12);
    for (let x = -50, before = 0; x < 100; x++) {
      expect(cdf(x)).toBeGreaterThanOrEqual(before);
      before = cdf(x);
    }
  });

  test('jumps where quantiles are equal', () => {
    const cdf = cdfThrough([0.1, 0.5, 0.9], [5, 5, 5]);
    expect([cdf(4.99), cdf(5)]).toEqual([0, 1]);
    expect(cdfThrough([0.1, 0.5, 0.9], [5, 5, 6])(5)).toBeCloseTo(0.5, 12);
  });

  test('comes close to the exponential it was told at levels', () => {
    const told = [0.01, 0.05, ...Array.from({ length: 17 }, (_, at) => (at + 2) / 20), 0.95, 0.99];
    const cdf = cdfThrough(
      told,
      told.map((level) => -Math.log(1 - level)),
    );
    for (const x of [0.01, 0.2, 0.8, 1.7, 3, 6]) expect(cdf(x)).toBeCloseTo(1 - Math.exp(-x), 2);
  });
});

describe('likelihood in buckets', () => {
  const buckets = { width: 10, count: 4, floor: 0.01 };

  test('buckets lie around multiples of the width, the outermost take all beyond', () => {
    const cdf = (x: number): number => uniform(x / 30);
    expect(bucketNll(cdf, 4, buckets)).toBeCloseTo(-Math.log(5 / 30), 12);
    expect(bucketNll(cdf, 5, buckets)).toBeCloseTo(-Math.log(10 / 30), 12);
    expect(bucketNll(cdf, 14.9, buckets)).toBeCloseTo(-Math.log(10 / 30), 12);
    expect(bucketNll(cdf, 25, buckets)).toBeCloseTo(-Math.log(5 / 30), 12);
    expect(bucketNll(cdf, 1e6, buckets)).toBeCloseTo(-Math.log(5 / 30), 12);
    expect(bucketNll(cdf, -1e6, buckets)).toBeCloseTo(-Math.log(5 / 30), 12);
  });

  test('a bucket is never given less than the floor', () => {
    expect(bucketNll(() => 0, 0, buckets)).toBeCloseTo(-Math.log(0.01), 12);
  });

  test('every forecast shares out exactly one', () => {
    const cdf = (x: number): number => 1 / (1 + Math.exp(-(x - 12) / 4));
    const total = [0, 10, 20, 30].reduce((sum, truth) => sum + Math.exp(-bucketNll(cdf, truth, buckets)), 0);
    expect(total).toBeCloseTo(1, 12);
  });

  test('the true distribution beats a wider one', () => {
    const random = chance(3);
    const draw = Array.from({ length: 5000 }, () => 15 + 6 * normal(random));
    const nll = (width: number): number =>
      draw.reduce((sum, x) => sum + bucketNll((y) => 1 / (1 + Math.exp((-1.702 * (y - 15)) / width)), x, buckets), 0);
    expect(nll(6)).toBeLessThan(nll(12));
    expect(nll(6)).toBeLessThan(nll(2));
  });
});
