import { describe, expect, test } from 'vitest';
import type { Cell } from '../../models/cell.js';
import { inputs, recurrent } from '../../models/recurrent.js';
import { rls } from '../../models/rls.js';
import { seasonalRls } from '../../models/seasonal-rls.js';
import { f32 } from '../../state/layout.js';
import { henon } from './cells.js';
import { errors, noise } from './lab.js';

/** A cell whose state is a function of the input and that does not learn. */
const layout = { input: f32(inputs), hidden: f32(4), blame: f32(4) };
const still = (say: (input: Float32Array, j: number) => number): Cell<typeof layout> => ({
  layout,
  inputs,
  outputs: 4,
  reach: 1,
  start() {},
  ports: (own) => own,
  learn() {},
  step(own) {
    for (let j = 0; j < 4; j++) own.hidden[j] = say(own.input, j);
  },
});
const horizons = [1, 5];
const options = { channels: 1, horizons };
const silent = recurrent(
  'silent',
  1,
  options,
  still(() => 0),
);
const wobble = noise(3000, 7);

describe('the base', () => {
  test('without a period is least squares on the last values', () => {
    const rows = wobble.map((u, t) => [Math.sin(t / 9) + 0.1 * u]);
    const hints = { scale: [1], periods: [] };
    const mine = errors(silent, rows, hints, 1000);
    const plain = errors(rls(options), rows, hints, 1000);
    mine.forEach((error, i) => void expect(error).toBeLessThan(1.01 * plain[i]));
  });
  test('with a period is as good as the better of the two', () => {
    const hints = { scale: [1], periods: [24, 168] };
    const seasons = wobble.map((u, t) => [(t % 24 === 5 ? 4 : 0) + (t % 168 === 90 ? 5 : 0) + 0.2 * u]);
    // An autoregression beside which the season is noise.
    let x = 0;
    const wander = wobble.map((u, t) => {
      x = 0.97 * x + u;
      return [x + 0.05 * Math.sin((2 * Math.PI * t) / 24)];
    });
    for (const rows of [seasons, wander]) {
      const mine = errors(silent, rows, hints, 1500);
      const one = errors(rls(options), rows, hints, 1500);
      const two = errors(seasonalRls(options), rows, hints, 1500);
      mine.forEach((error, i) => void expect(error).toBeLessThan(1.05 * Math.min(one[i], two[i])));
    }
  });
});

test('what the cell knows is taken up as far as it helps', () => {
  const hints = { scale: [1], periods: [] };
  const chaos = henon(3000);
  const knowing = recurrent(
    'knowing',
    1,
    options,
    still((input, j) => (j === 0 ? input[1] * input[1] : input[j])),
  );
  expect(errors(knowing, chaos, hints, 1500)[0]).toBeLessThan(0.6 * errors(silent, chaos, hints, 1500)[0]);
});

test('what the cell does not know is passed over', () => {
  const hints = { scale: [1], periods: [] };
  const rows = wobble.map((u, t) => [Math.sin(t / 9) + 0.1 * u]);
  const junk = recurrent(
    'junk',
    1,
    options,
    still((input, j) => Math.sin(1e4 * input[1] * (j + 1))),
  );
  const mine = errors(junk, rows, hints, 1500);
  errors(silent, rows, hints, 1500).forEach((error, i) => void expect(mine[i]).toBeLessThan(1.02 * error));
});
