import { expect } from 'vitest';
import type { Cell } from '../../models/cell.js';
import type { MemoryOptions, Model } from '../../models/model.js';
import { randomOf } from '../../models/random.js';
import { rls } from '../../models/rls.js';
import type { Layout, Row } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { Bench, errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

/** Mean square error of a fixed readout of the cell over the last of many events, while the cell learns to follow a target. */
export function followed<L extends Layout>(cell: Cell<L>, events = 4000): number {
  const slab = new Slab(cell.layout);
  slab.add();
  const own = slab.row(0) as unknown as Row<L>;
  cell.start(own, randomOf(5));
  const head = noise(cell.outputs, 11).map((x) => x / Math.sqrt(cell.outputs));
  const drive = noise(events, 12);
  let target = 0;
  let sum = 0;
  const last = events / 4;
  for (let t = 0; t < events; t++) {
    const { input, hidden, blame } = cell.ports(own);
    input.fill(0);
    input[0] = 1;
    input[1] = drive[t];
    cell.step(own);
    // A leaky sum with a bend: what an untrained cell has no readout for.
    target = 0.8 * target + 0.4 * drive[t];
    const error = target - hidden.reduce((all, x, j) => all + head[j] * x, 0);
    if (t >= events - last) sum += (error * error) / last;
    blame.fill(0);
    for (let j = 0; j < cell.outputs; j++) blame[j] = -error * head[j];
    cell.learn(own);
  }
  slab.free();
  return sum;
}

/** Hénon's map: chaos that follows from two values, and whose linear forecast is hardly better than its mean. */
export function henon(rows: number): number[][] {
  let [x, y] = [0.1, 0.1];
  return Array.from({ length: rows }, () => {
    [x, y] = [1 - 1.4 * x * x + y, 0.3 * x];
    return [x];
  });
}

const hints = { scale: [1], periods: [24, 168] };
const horizons = [1, 3, 12];

/** Mean absolute error one row ahead on chaos, as a share of that of least squares on the last 96 values. */
export function shareOfRls(build: (options: MemoryOptions) => Model): number {
  const rows = henon(4000);
  const one = { channels: 1, horizons: [1] };
  const without = { scale: [1], periods: [] };
  return errors(build(one), rows, without, 3000)[0] / errors(rls(one), rows, without, 3000)[0];
}

/** What every memory with a recurrent cell must keep. */
export function expectSound(build: (options: MemoryOptions) => Model): void {
  const make = (channels: number) => build({ channels, horizons });
  const wobble = noise(500, 7);
  const rows = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u, t % 13 === 0 ? Number.NaN : 3 * u]);
  expectRestartable(make(2), rows, { scale: [1, 4], periods: hints.periods }, 60);
  expectFinite(make(1), hints.periods);
  expectSeparateChannels(make, hints.periods);
  expectCausal(
    make(1),
    rows.map(([x]) => [x]),
    hints,
  );
  expectSeeds(build, rows);
}

/** A seed gives the same bits again, another one others; and one is the default. */
function expectSeeds(build: (options: MemoryOptions) => Model, rows: readonly number[][]): void {
  const [one, same, other] = [undefined, 1, 2].map((seed) => {
    const model = build({ channels: 1, horizons, ...(seed === undefined ? {} : { seed }) });
    const bench = new Bench(model);
    const means = rows.map(([x]) => bench.step([x], hints).mean.join());
    bench.close();
    return means.join(';');
  });
  expect(one).toBe(same);
  expect(one).not.toBe(other);
}
