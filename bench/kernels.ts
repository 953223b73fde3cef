/**
 * The recurrent kernels, side by side in one run with plain loops over typed arrays, onnxruntime-node, PyTorch and TensorFlow.js,
 * each on one thread, with the same weights and inputs. Contenders take turns: the least and the median of seven rounds.
 *
 *   npm run bench:kernels [-- --json FILE] [--rounds 7]
 *   node scripts/peers.mjs           installs the peers in ENGRAM_PEERS, else .cache/peers; who is absent is "not run"
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Event, kernels, Lane, pipeline, remember } from '../index.js';
import { engramLstm, floats } from './lstm-engram.js';
import { onnxLstm } from './lstm-onnx.js';
import { Peer } from './peer.js';
import { plainDiagonal, plainLstm } from './plain.js';

const { values: options } = parseArgs({ options: { json: { type: 'string' }, rounds: { type: 'string' } } });
const rounds = Number(options.rounds ?? 7);
const folder = resolve(process.env.ENGRAM_PEERS ?? '.cache/peers');
const [inputs, steps, batch] = [8, 16, 32];
/** A contender is measured for so long in each round. */
const roundMs = 25;

/** Microseconds of one round: of a call, divided by how many series it is for. */
type Contender = () => Promise<number>;

/** Work of this process, called for a round's time. */
function timed(work: () => unknown, series = 1): Contender {
  return async () => {
    const started = process.hrtime.bigint();
    let calls = 0;
    let passed = 0;
    while (passed < roundMs * 1000) {
      // The clock is asked now and then: it costs as much as a small step.
      for (let i = 0; i < 8; i++) {
        const waits = work();
        if (waits instanceof Promise) await waits;
      }
      calls += 8;
      passed = Number(process.hrtime.bigint() - started) / 1000;
    }
    return passed / calls / series;
  };
}

interface Figure {
  readonly least: number;
  readonly median: number;
}

/** One round to warm up, then rounds in which all take turns. */
async function race(contenders: Readonly<Record<string, Contender | undefined>>): Promise<Record<string, Figure>> {
  const found: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, work] of Object.entries(contenders)) {
      if (!work) continue;
      const micros = await work();
      if (round > 0) found[name] = [...(found[name] ?? []), micros];
    }
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, all]) => {
      const sorted = all.sort((a, b) => a - b);
      return [name, { least: sorted[0], median: sorted[sorted.length >> 1] }];
    }),
  );
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const torch = await Peer.start('PyTorch', join(folder, 'venv/bin/python'), [here('../../bench/kernels-torch.py')]);
const tfjs: Record<string, Peer | undefined> = {};
for (const backend of ['wasm', 'cpu', 'native']) {
  tfjs[`TensorFlow.js ${backend}`] = await Peer.start(`TensorFlow.js ${backend}`, process.execPath, [
    here('kernels-tfjs.js'),
    backend,
    folder,
  ]);
}
const apart = { PyTorch: torch, ...tfjs };
/** What peers in processes of their own do, each if it is there. */
const asked = (what: string, d: number): Record<string, Contender | undefined> =>
  Object.fromEntries(
    Object.entries(apart).map(([name, peer]) => [
      name,
      peer && (async () => (await peer.ask(what, d, roundMs)).micros),
    ]),
  );

async function onnx(d: number, count: number) {
  try {
    return await onnxLstm(folder, inputs, d, count);
  } catch (error) {
    process.stderr.write(`onnxruntime-node: not run (${(error as Error).message.split('\n')[0]})\n`);
    return undefined;
  }
}

/** All must make the same of the same: the largest difference in h after one step. */
async function checkSame(
  d: number,
  own: ArrayLike<number>,
  others: Record<string, ArrayLike<number> | undefined>,
): Promise<number> {
  let most = 0;
  for (const [name, peer] of Object.entries(apart)) if (peer) others[name] = (await peer.ask('step', d, 1)).h;
  for (const [name, h] of Object.entries(others)) {
    if (!h) continue;
    const difference = Math.max(...Array.from(own, (x, j) => Math.abs(x - h[j])));
    if (!(difference < 1e-4))
      throw new Error(`${name} makes something else of the same weights and inputs: h differs by ${difference}`);
    most = Math.max(most, difference);
  }
  return most;
}

/** Two layers of channels with complex states. */
function engramDiagonal(channels: number, states: number): () => void {
  const wave = (i: number) => 0.5 * Math.sin(i * 12.9898);
  const layers = [0, 1].map(() => ({ p: floats(6 * channels * states, wave), x: floats(2 * channels * states) }));
  const [u, y] = [floats(channels, (i) => Math.sin(i * 12.9898)), floats(channels)];
  return () => {
    for (const { p, x } of layers) {
      kernels.diagonalLayer(p.byteOffset, x.byteOffset, u.byteOffset, y.byteOffset, channels, states);
    }
    // The output is not fed back: it would fade away.
    kernels.tanhs(y.byteOffset, y.byteOffset, channels);
  };
}

/** The whole step `remember` on 32 keys, LSTM 32 with shared weights, in batches of a size. */
function engine(size: number): () => void {
  const { stages } = pipeline('bench').through(remember({ memory: 'lstm', horizons: [1], weights: 'shared' }));
  const lane = new Lane(stages, { name: 'bench', channels: ['value'] });
  let offset = 0;
  const row = (): Event => {
    const t = Math.floor(offset / batch);
    return { key: `k${offset % batch}`, timeMs: t * 60_000, values: [Math.sin((t + offset) / 7)], offset: offset++ };
  };
  return () => {
    for (let done = 0; done < batch; done += size) {
      const rows = Array.from({ length: size }, row);
      lane.push({ shard: 'bench', rows, rejects: [], next: offset });
    }
  };
}

interface Line {
  readonly kernel: string;
  readonly micros: Readonly<Record<string, Figure>>;
}
const lines: Line[] = [];
for (const d of [64, 128, 256]) {
  const mine = engramLstm(inputs, d);
  const plain = plainLstm(inputs, d, steps);
  const [one, many] = [await onnx(d, 1), await onnx(d, batch)];
  const difference = await checkSame(d, mine.h, { 'onnxruntime-node': one?.h });
  process.stderr.write(
    `h=${d}: all make the same of the same weights and inputs, within ${difference.toExponential(1)}\n`,
  );
  const step = { Engram: timed(mine.step), 'plain JS': timed(plain.step), 'onnxruntime-node': one && timed(one.step) };
  lines.push({ kernel: `LSTM step, h=${d}`, micros: await race({ ...step, ...asked('step', d) }) });
  const at = {
    Engram: timed(mine.many, batch),
    'Engram one by one': timed(mine.oneByOne, batch),
    'onnxruntime-node': many && timed(many.step, batch),
  };
  lines.push({ kernel: `LSTM step, h=${d}, per key of ${batch}`, micros: await race({ ...at, ...asked('many', d) }) });
  const window = { Engram: timed(mine.window), 'plain JS': timed(plain.window) };
  lines.push({ kernel: `TBPTT-16 + Adam, h=${d}`, micros: await race({ ...window, ...asked('window', d) }) });
  const event = await race({ Engram: timed(mine.event) });
  lines.push({ kernel: `TBPTT-16 + Adam per event, ring kept, h=${d}`, micros: event });
}
lines.push({
  kernel: 'diagonal SSM, 64 x 16, 2 layers',
  micros: await race({ Engram: timed(engramDiagonal(64, 16)), 'plain JS': timed(plainDiagonal(64, 16)) }),
});
lines.push({
  kernel: `remember, LSTM 32 shared, per key of ${batch}`,
  micros: await race({ Engram: timed(engine(batch), batch), 'Engram one by one': timed(engine(1), batch) }),
});
for (const peer of Object.values(apart)) peer?.end();

const versions = {
  node: process.versions.node,
  processor: cpus()[0]?.model ?? 'unknown',
  load: loadavg().map((x) => Number(x.toFixed(1))),
  'onnxruntime-node': '1.30.0',
  ...Object.fromEntries(Object.entries(apart).map(([name, peer]) => [name, peer?.version ?? 'not run'])),
};
const names = ['Engram', 'Engram one by one', 'plain JS', 'onnxruntime-node', ...Object.keys(apart)];
console.log(
  `µs per step, least (median) of ${rounds} rounds and times Engram's least; ${inputs} inputs\n${JSON.stringify(versions)}\n`,
);
for (const { kernel, micros } of lines) {
  const own = micros.Engram.least;
  // Who has no such work is not in the list; who is absent is "not run" above.
  const cells = names.flatMap((name) => {
    const figure = micros[name];
    if (!figure) return [];
    return [
      `  ${name.padEnd(20)} ${figure.least.toFixed(2)} (${figure.median.toFixed(2)}), ${(figure.least / own).toFixed(2)}x`,
    ];
  });
  console.log(`${kernel}\n${cells.join('\n')}`);
}
if (options.json) writeFileSync(options.json, `${JSON.stringify({ versions, lines }, null, 1)}\n`);
