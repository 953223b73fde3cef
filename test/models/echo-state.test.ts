import { describe, expect, test } from 'vitest';
import { echoState, reservoir } from '../../models/echo-state.js';
import { rls } from '../../models/rls.js';
import { seriesLayout } from '../../models/series.js';
import { Slab } from '../../state/slab.js';
import { henon } from './cells.js';
import { errors, expectFinite, expectSeparateChannels, noise } from './lab.js';

const build = (channels: number, seed = 1) => echoState({ channels, horizons: [1, 6], seed });

describe('the reservoir', () => {
  test('forgets what it was begun with', () => {
    const map = reservoir(1);
    const slab = new Slab({ one: map.layout, other: map.layout, series: seriesLayout(64) });
    const { one, other, series } = slab.row(slab.add());
    map.start(one);
    map.start(other);
    other.state.fill(0.9);
    series.scale[0] = 1;
    const apart = () => Math.max(...one.state.map((x, i) => Math.abs(x - other.state[i])));
    noise(600, 2).forEach((u, t) => {
      series.value[~t & 63] = 3 * u;
      series.rows[0] = t + 1;
      map.advance(one, series, t);
      map.advance(other, series, t);
      if (t === 0) expect(apart()).toBeGreaterThan(0.1);
    });
    expect(apart()).toBeLessThan(1e-4);
    expect(Math.max(...one.state)).toBeGreaterThan(0.3);
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
  test('another seed is another memory', () => {
    const rows = noise(600, 3).map((u, t) => [Math.sin(t / 4) + u]);
    const hints = { scale: [1], periods: [] };
    expect(errors(build(1, 1), rows, hints, 300)).not.toEqual(errors(build(1, 2), rows, hints, 300));
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, [24, 168]));
});
