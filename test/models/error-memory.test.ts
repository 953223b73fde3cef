import { describe, expect, test } from 'vitest';
import { errorMemory, errorMemoryOf } from '../../models/error-memory.js';
import { persistence } from '../../models/last-value.js';
import { linear } from '../../models/linear.js';
import { univariate } from '../../models/univariate.js';
import { errors, expectFinite, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5];
const build = (channels: number) => errorMemory({ channels, horizons });
const hints = { scale: [1], periods: [] };

describe('the error memory', () => {
  test('corrects what its base gets wrong in a context that comes again', () => {
    // The same long piece of noise again and again: nothing linear in 24 values, all known after one showing.
    const piece = noise(333, 3);
    const rows = Array.from({ length: 3000 }, (_, t) => [piece[t % piece.length]]);
    const mine = errors(build(1), rows, hints, 2000);
    const base = errors(linear({ channels: 1, horizons }), rows, hints, 2000);
    mine.forEach((error, i) => void expect(error).toBeLessThan(0.1 * base[i]));
  });

  test('makes any base better, by the errors of the horizon that is asked for', () => {
    const options = { channels: 1, horizons };
    // One row ahead the last value is wrong by 1, five rows ahead by nothing or by 5.
    const rows = noise(2500, 4).map((u, t) => [(t % 5) + 0.02 * u]);
    const over = univariate('over', 1, options, 8192, errorMemoryOf(options, persistence(options)));
    const mine = errors(over, rows, hints, 1000);
    const base = errors(univariate('base', 1, options, 64, persistence(options)), rows, hints, 1000);
    expect(base[0]).toBeGreaterThan(1.5);
    expect(mine[0]).toBeLessThan(0.05);
    expect(mine[1]).toBeLessThan(1.3 * base[1]);
  });

  test('adds nothing where errors have no pattern', () => {
    const rows = noise(3000, 5).map((u, t) => [Math.sin(t / 9) + u]);
    const base = errors(linear({ channels: 1, horizons }), rows, hints, 1500);
    errors(build(1), rows, hints, 1500).forEach((error, i) => void expect(error).toBeLessThan(1.02 * base[i]));
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, []));
});
