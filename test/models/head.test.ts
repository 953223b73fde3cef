import { expect, test } from 'vitest';
import { type Head, headed, headLevels, type MakeHead, signs } from '../../models/head.js';
import { lastValue } from '../../models/last-value.js';
import { f64 } from '../../state/layout.js';
import { Bench } from './lab.js';

/** Keeps the errors and first signs that it is shown. */
const layout = { errors: f64(400), signs: f64(400 * signs), count: f64() };
const notebook: Head<typeof layout> = {
  layout,
  version: 1,
  start() {},
  surprise: (_, __, ___, ____, r) => r,
  learn(own, _, x, at, r) {
    own.errors[own.count[0]] = r;
    for (let j = 0; j < signs; j++) own.signs[own.count[0] * signs + j] = x[at + j];
    own.count[0]++;
  },
  quantiles(_, __, ___, ____, out, to) {
    headLevels.forEach((level, l) => {
      out[to + l] = level - 0.5;
    });
  },
};
const options = { channels: 1, horizons: [2] };

test('every error is learned when its row has come, in units of the usual one, with the signs of its origin', () => {
  const make: MakeHead = () => notebook as unknown as Head;
  const model = headed(lastValue(options), 'noted', make);
  expect(model.name).toBe('last-value noted');
  const bench = new Bench(model);
  const y = [1, 2, 4, 7, 11, 16, 22];
  const said = y.map((value) => bench.step([value], { scale: [2], periods: [4] }));
  const own = (bench.own.row(0) as unknown as { head: { learned: { errors: Float64Array; signs: Float64Array } } })
    .head;
  // Before there is an error the unit is the memory's own spread: the scale.
  expect(own.learned.errors[0]).toBe((4 - 1) / 2);
  expect(own.learned.errors[1]).toBe((7 - 2) / 2);
  // Then the running one: 3 after the first, (3 + 5)/2 after the second.
  expect(own.learned.errors[2]).toBe((11 - 4) / 3);
  expect(own.learned.errors[3]).toBe((16 - 7) / 4);
  // Origin 2: forecast 4, level (1 + 2 + 4)/3, phase of row 4 in four.
  const sign = own.learned.signs.slice(2 * signs, 3 * signs);
  expect(sign[0]).toBe(1);
  expect(sign[3]).toBeCloseTo((4 - 7 / 3) / 2, 12);
  expect(sign[5]).toBe(0);
  expect([sign[7], sign[8]]).toEqual([0, 1]);
  expect(said[2].quantiles?.[0]).toBeCloseTo(4 + 3 * (0.001 - 0.5), 12);
  expect(said[4].surprise).toBeCloseTo((11 - 4) / 3 + Math.log(3), 12);
  bench.close();
});
