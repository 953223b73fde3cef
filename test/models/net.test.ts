import { describe, expect, test } from 'vitest';
import { memoryOf } from '../../models/catalog.js';
import { type Prediction, predictionOf } from '../../models/model.js';
import { netNames } from '../../models/net-shapes.js';
import { Slab } from '../../state/slab.js';
import { expectFinite, expectSeparateChannels, noise } from './lab.js';

const hints = { scale: [1, 1], periods: [] };
const horizons = [1, 4];
const shared = { horizons, weights: 'shared' } as const;

/** Keys whose values go by, in runs of the sizes given; predictions in the order of the events. */
function played(name: (typeof netNames)[number], keys: number, rows: number, runs: number, value = wave, channels = 2) {
  const model = memoryOf(name, { ...shared, channels });
  const [net, own] = [new Slab(model.shared), new Slab(model.keyed)];
  net.add();
  model.init(net.row(0));
  for (let k = 0; k < keys; k++) model.initKey(net.row(0), own.row(own.add()));
  const all: Prediction[] = [];
  for (let t = 0; t < rows; t++) {
    for (let k = 0; k < keys; k += runs) {
      const some = Array.from({ length: Math.min(runs, keys - k) }, (_, i) => k + i);
      const inputs = some.map((key) => ({
        ...hints,
        timeMs: t * 60_000,
        values: Array.from({ length: channels }, (_, c) => value(t, key, c)),
      }));
      const outs = some.map(() => predictionOf(model));
      const owns = some.map((key) => own.row(key));
      if (runs === 1) model.step(net.row(0), owns[0], inputs[0], outs[0]);
      else model.stepMany?.(net.row(0), owns, inputs, outs);
      all.push(...outs);
    }
  }
  const weights = JSON.stringify(net.row(0));
  net.free();
  own.free();
  return { all, weights };
}

const jitter = noise(997, 3);
const wave = (t: number, key: number, c: number) =>
  (t + key) % 17 === 0 ? Number.NaN : Math.sin((t * (c + 1)) / 3 + key) + 0.1 * jitter[(t * 31 + key) % 997];

describe.each(netNames)('%s with shared weights', (name) => {
  test('35 keys at once give bit for bit what one by one gives, weights too', () => {
    const [alone, many] = [played(name, 35, 60, 1), played(name, 35, 60, 35)];
    expect(JSON.stringify(many)).toBe(JSON.stringify(alone));
  });
  test('one key learns from the others', () => {
    // Every key has a wave of its own phase: only what a key shares with the others can be learned so soon.
    const ring = (t: number, key: number) => 2 * Math.sin((2 * Math.PI * t) / 9 + key);
    const rows = 150;
    const error = (keys: number): number => {
      const { all } = played(name, keys, rows, keys, ring, 1);
      let sum = 0;
      for (let t = rows - 30; t < rows; t++) sum += Math.abs(all[(t - 1) * keys].mean[0] - ring(t, 0));
      return sum / 30;
    };
    expect(error(40)).toBeLessThan(0.7 * error(1));
  });
  test('channels do not know each other', () =>
    expectSeparateChannels((channels) => memoryOf(name, { ...shared, channels }), []));
  test('stays finite', () => expectFinite(memoryOf(name, { ...shared, channels: 1 }), [24, 168]));
});
