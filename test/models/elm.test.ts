import { describe, expect, test } from 'vitest';
import { elm, randomLayer } from '../../models/elm.js';
import { rls } from '../../models/rls.js';
import { seriesLayout } from '../../models/series.js';
import { Slab } from '../../state/slab.js';
import { henon } from './cells.js';
import { errors, expectFinite, expectSeparateChannels, noise } from './lab.js';

const build = (channels: number, seed = 1) => elm({ channels, horizons: [1, 6], seed });

describe('the random layer', () => {
  test('is tanh of its weights times window and phases', () => {
    const map = randomLayer(1);
    const slab = new Slab({ map: map.layout, series: seriesLayout(64) });
    const { map: own, series } = slab.row(slab.add());
    const window = noise(24, 4);
    window.forEach((u, j) => {
      series.value[~(23 - j) & 63] = u;
    });
    series.rows[0] = 24;
    series.periods[0] = 12;
    map.start(own);
    const x = new Float64Array(map.size);
    map.write(own, series, 23, 2, x, 0);
    const turn = (2 * Math.PI * 11) / 12;
    const input = [1, ...window.slice(1).map((u) => (u - window[0]) / 2), Math.sin(turn), Math.cos(turn), 0, 0];
    for (let unit = 0; unit < map.size - 24; unit++) {
      const weight = (k: number) => own.weight[((unit >> 2) * input.length + k) * 4 + (unit & 3)];
      const sum = input.reduce((total, u, k) => total + u * weight(k), 0);
      expect(x[24 + unit]).toBeCloseTo(2 * Math.tanh(sum), 4);
    }
    slab.free();
  });
});

describe('the memory', () => {
  test('one row ahead on a chaotic map its error is a fraction of that of least squares', () => {
    const hints = { scale: [1], periods: [] };
    const rows = henon(4000);
    const plain = errors(rls({ channels: 1, horizons: [1] }), rows, hints, 2500)[0];
    for (const seed of [1, 2]) expect(errors(build(1, seed), rows, hints, 2500)[0]).toBeLessThan(0.35 * plain);
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, [24, 168]));
});
