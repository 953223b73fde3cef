import { describe, expect, test } from 'vitest';
import { rls } from '../../models/rls.js';
import { diagonalLayers, s4d } from '../../models/s4d.js';
import { seriesLayout } from '../../models/series.js';
import { Slab } from '../../state/slab.js';
import { henon } from './cells.js';
import { errors, expectFinite, expectSeparateChannels } from './lab.js';

const build = (channels: number, seed = 1) => s4d({ channels, horizons: [1, 6], seed });

describe('the layers', () => {
  test('answer an impulse as their poles say', () => {
    const map = diagonalLayers(1);
    const slab = new Slab({ map: map.layout, series: seriesLayout(64) });
    const { map: own, series } = slab.row(slab.add());
    map.start(own);
    // The value alone drives the first layer, and its level stays put.
    own.into.fill(0);
    for (let c = 0; c < 32; c++) own.into[c * 7 + 1] = 1;
    series.scale[0] = 1;
    const outputs: number[][] = [];
    for (let t = 0; t < 30; t++) {
      series.value[~t & 63] = t === 3 ? 1 : 0;
      series.rows[0] = t + 1;
      own.level[0] = 0;
      own.rows[0] = 1e9;
      map.advance(own, series, t);
      outputs.push([...own.first.read]);
    }
    for (const c of [0, 9, 31]) {
      const dt = Math.exp((-Math.log(400) * c) / 31);
      for (const t of [2, 3, 4, 12, 29]) {
        let y = t === 3 ? 1 : 0; // past the states
        for (let n = 0; n < 8 && t >= 3; n++) {
          const at = ((c * 8 + n) >> 2) * 24 + (n & 3);
          const [cRe, cIm] = [own.first.parameter[at + 16], own.first.parameter[at + 20]];
          // C B lambda^k with B = (lambda - 1)/a and a = -1/2 + i pi n.
          const [aRe, aIm] = [-0.5, Math.PI * n];
          const power = (k: number) => [
            Math.exp(aRe * dt * k) * Math.cos(aIm * dt * k),
            Math.exp(aRe * dt * k) * Math.sin(aIm * dt * k),
          ];
          const [now, next] = [power(t - 3), power(t - 2)];
          const [dRe, dIm] = [next[0] - now[0], next[1] - now[1]];
          const square = aRe * aRe + aIm * aIm;
          const [bRe, bIm] = [(dRe * aRe + dIm * aIm) / square, (dIm * aRe - dRe * aIm) / square];
          y += cRe * bRe - cIm * bIm;
        }
        // The level moves by a thousandth of the impulse in the row it comes.
        expect(Math.abs(outputs[t][c] - Math.tanh(y))).toBeLessThan(0.005);
      }
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
