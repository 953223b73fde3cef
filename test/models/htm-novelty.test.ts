import { expect, test } from 'vitest';
import { htmNovelty, pastRows } from '../../models/htm-novelty.js';
import { rowBytes } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

const hourMs = 3_600_000;
const days = (t: number): number => 100 + 50 * Math.sin((2 * Math.PI * t) / 24);

function sharesOf(values: readonly number[], seed = 1): number[] {
  const model = htmNovelty({ channels: 1, seed });
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own);
  const shares = values.map((value, t) => model.step(own, [value], t * hourMs));
  slab.free();
  return shares;
}
const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x / list.length, 0);

const wobble = noise(1200, 3);
const daily = wobble.map((u, t) => days(t) + u);

test('a stream becomes foretold, and what it never did is not', () => {
  const odd = daily.map((value, t) => (t >= 1100 && t < 1105 ? 100 : value));
  const shares = sharesOf(odd);
  expect(mean(shares.slice(0, 48))).toBeGreaterThan(0.5);
  expect(mean(shares.slice(600, 1100))).toBeLessThan(0.05);
  expect(Math.max(...shares.slice(1100, 1106))).toBeGreaterThan(0.3);
});

test('the range may double and double again, and what was known is soon known again', () => {
  const grown = daily.map((value, t) => (t === 800 ? 1000 : value));
  const shares = sharesOf(grown);
  expect(shares[800]).toBeGreaterThan(0.5);
  expect(mean(shares.slice(1000))).toBeLessThan(0.1);
});

test('where the range doubles, the past is taken in anew, as if the new step had been known from the start', () => {
  const model = htmNovelty({ channels: 1 });
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own);
  const grown = daily.map((value, t) => (t >= 800 ? 2.5 * (value - 100) + 100 : value));
  const renewed: number[] = [];
  let said: number[] = [];
  grown.forEach((value, t) => {
    model.step(own, [value], t * hourMs);
    if (own.renewed[0] === 0) return;
    expect(own.renewed[0]).toBe(t);
    renewed.push(t);
    said = Array.from(own.shares.subarray(0, t));
  });
  expect(renewed.length).toBeLessThan(6);
  const last = renewed[renewed.length - 1];
  expect(last).toBeGreaterThan(800);
  // A model that knows the range from its first two rows on says the same of all that follow.
  const width = [Math.min(...grown.slice(0, last + 1)), Math.max(...grown.slice(0, last + 1))];
  const other = htmNovelty({ channels: 1 });
  const knowing = rangeKnown(other, width);
  const told = grown.slice(0, last).map((value, t) => other.step(knowing, [value], t * hourMs));
  expect(said).toEqual(told);
  expect(said).not.toEqual(sharesOf(grown).slice(0, last));
  slab.free();
});

/** A row of state that has seen a range already, and nothing else. */
function rangeKnown(model: ReturnType<typeof htmNovelty>, [low, high]: readonly number[]) {
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own);
  own.known[0] = 1;
  own.low[0] = low;
  own.high[0] = high;
  return own;
}

test('of a past longer than the ring, what is left is taken in anew, seldom', () => {
  const model = htmNovelty({ channels: 1 });
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own);
  const counts: number[] = [];
  for (let t = 0; t < pastRows + 400; t++) {
    // From row 4,300 on every value is twice as far out as the last one.
    const value = t < pastRows + 204 ? t % 7 : 2 ** (t - pastRows - 200);
    model.step(own, [value], t * hourMs);
    if (own.renewed[0] > 0 && t > 100) counts.push(own.renewed[0]);
  }
  expect(counts).toEqual([pastRows]);
  slab.free();
});

test('no later value changes what was said before', () => {
  const other = daily.map((value, t) => (t < 700 ? value : 1e6 * wobble[1199 - t]));
  expect(sharesOf(other).slice(0, 700)).toEqual(sharesOf(daily).slice(0, 700));
});

test('stays a share on rough input: constants, zeros, the largest and the least numbers, missing ones', () => {
  const rough = [0, 0, 0, Number.NaN, 5e-324, -5e-324, 1e300, -1e300, 0, 7, 7, 7, 1e-300, Number.NaN, 3];
  for (const share of sharesOf([...rough, ...daily.slice(0, 50), ...rough])) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
});

test('takes at most 2.5 MB a key', () => {
  expect(rowBytes(htmNovelty({ channels: 1 }).layout)).toBeLessThan(2_500_000);
});
