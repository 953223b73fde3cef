/**
 * The recurrent kernels, side by side in one run with plain loops over typed arrays and, where they can be loaded, with
 * onnxruntime-node and PyTorch. Microseconds per step, the least of many short rounds that take turns.
 *
 *   npm run bench:kernels [-- --json FILE] [--rounds 100]
 *   ENGRAM_PEERS=DIR   a folder with node_modules/onnxruntime-node, and perhaps a Python with PyTorch as venv/bin/python
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { arena, kernels } from '../index.js';
import { lstmModel } from './lstm-onnx.js';
import { plainDiagonal, plainLstm } from './plain.js';

const { values: options } = parseArgs({ options: { json: { type: 'string' }, rounds: { type: 'string' } } });
const rounds = Number(options.rounds ?? 100);
const peers = process.env['ENGRAM_PEERS'];
const inputs = 8;
const steps = 16;

/** Numbers in the kernels' memory: a wave of a size, so that nothing is zero by chance. */
function floats(count: number, size = 0): Float32Array {
  const at = arena.take(4 * count);
  const view = new Float32Array(arena.buffer, at, count);
  for (let i = 0; i < count; i++) view[i] = size * Math.sin(i * 12.9898);
  return view;
}

type Work = () => void | Promise<unknown>;

/** Microseconds per call of each contender, the least over rounds in which they take turns. */
async function race(contenders: Readonly<Record<string, Work | undefined>>): Promise<Record<string, number>> {
  const least: Record<string, number> = {};
  const calls: Record<string, number> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, work] of Object.entries(contenders)) {
      if (!work) continue;
      const count = calls[name] ?? 50;
      const started = process.hrtime.bigint();
      for (let i = 0; i < count; i++) {
        const waits = work();
        if (waits) await waits;
      }
      const micros = Number(process.hrtime.bigint() - started) / 1000 / count;
      // The first round only warms up and says how many calls take some 2 ms, so that a round may pass undisturbed.
      if (round === 0) calls[name] = Math.max(1, Math.round(2000 / micros));
      else least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, micros);
    }
  }
  return least;
}

/** An LSTM in the kernels' memory: one step, and a learning step over sixteen. */
function engramLstm(d: number) {
  const m = inputs;
  const n = m + d;
  const stride = n + 6 * d;
  const count = 4 * d * n;
  const at = (view: Float32Array) => view.byteOffset;
  const w = floats(count, 0.1);
  const [c, h, ring] = [floats(d), floats(d), floats(steps * stride, 0.1)];
  const [blame, delta] = [floats(d, 0.1), floats(steps * 4 * d)];
  const [gradient, first, second] = [floats(count), floats(count), floats(count)];
  const forward = (slot: number) => kernels.lstmStep(at(w), at(c), at(h), at(ring) + 4 * slot * stride, m, d);
  const learn = (): void => {
    kernels.lstmBack(at(w), at(ring), at(blame), at(delta), steps - 1, steps, steps, 1, m, d);
    kernels.lstmGradient(at(ring), at(delta), at(gradient), steps - 1, steps, steps, m, d);
    kernels.squares(at(gradient), count);
    kernels.adam(at(w), at(first), at(second), at(gradient), count, 1, 1e-7, 1e-6);
  };
  return {
    step: () => forward(0),
    /** What a library does: sixteen steps forward, all of them back, Adam. */
    window: () => {
      for (let slot = 0; slot < steps; slot++) forward(slot);
      learn();
    },
    /** What a memory does at an event: one step forward, sixteen back, Adam. */
    event: () => {
      forward(steps - 1);
      learn();
    },
  };
}

/** Two layers of 64 channels with 16 complex states. */
function engramDiagonal(channels: number, states: number): Work {
  const layers = [0, 1].map(() => ({ p: floats(6 * channels * states, 0.5), x: floats(2 * channels * states) }));
  const [u, y] = [floats(channels, 1), floats(channels)];
  return () => {
    for (const { p, x } of layers) {
      kernels.diagonalLayer(p.byteOffset, x.byteOffset, u.byteOffset, y.byteOffset, channels, states);
    }
    // The output is not fed back: it would fade away.
    kernels.tanhs(y.byteOffset, y.byteOffset, channels);
  };
}

/** A step of onnxruntime's LSTM, or nothing where the package is not found. */
async function onnxLstm(d: number): Promise<Work | undefined> {
  if (!peers) return undefined;
  try {
    const ort = createRequire(join(peers, 'package.json'))('onnxruntime-node');
    const session = await ort.InferenceSession.create(lstmModel(inputs, d), { intraOpNumThreads: 1 });
    const tensor = (count: number, dims: number[]) =>
      new ort.Tensor('float32', new Float32Array(count).fill(0.1), dims);
    const feeds = { x: tensor(inputs, [1, 1, inputs]), h: tensor(d, [1, 1, d]), c: tensor(d, [1, 1, d]) };
    return () => session.run(feeds);
  } catch (error) {
    process.stderr.write(`onnxruntime-node: not run (${(error as Error).message.split('\n')[0]})\n`);
    return undefined;
  }
}

/** What bench/kernels-torch.py measures: "lstm 64" and "tbptt 64" to microseconds; nothing without PyTorch. */
function torch(): Readonly<Record<string, number>> {
  if (!peers) return {};
  try {
    const script = fileURLToPath(new URL('../../bench/kernels-torch.py', import.meta.url));
    return JSON.parse(execFileSync(join(peers, 'venv/bin/python'), [script], { encoding: 'utf8' }));
  } catch (error) {
    process.stderr.write(`PyTorch: not run (${(error as Error).message.split('\n')[0]})\n`);
    return {};
  }
}

interface Line {
  readonly kernel: string;
  readonly micros: Readonly<Record<string, number>>;
}

const lines: Line[] = [];
const python = torch();
const withTorch = (micros: Record<string, number>, key: string): Record<string, number> =>
  key in python ? { ...micros, PyTorch: python[key] as number } : micros;
for (const d of [64, 128, 256]) {
  const mine = engramLstm(d);
  const plain = plainLstm(inputs, d, steps);
  const step = await race({ Engram: mine.step, 'plain JS': plain.step, 'onnxruntime-node': await onnxLstm(d) });
  lines.push({ kernel: `LSTM step, h=${d}`, micros: withTorch(step, `lstm ${d}`) });
  const window = await race({ Engram: mine.window, 'plain JS': plain.window });
  lines.push({ kernel: `TBPTT-16 + Adam, h=${d}`, micros: withTorch(window, `tbptt ${d}`) });
  lines.push({ kernel: `  the same per event, ring kept, h=${d}`, micros: await race({ Engram: mine.event }) });
}
lines.push({
  kernel: 'diagonal SSM, 64 x 16, 2 layers',
  micros: await race({ Engram: engramDiagonal(64, 16), 'plain JS': plainDiagonal(64, 16) }),
});

const names = ['Engram', 'plain JS', 'onnxruntime-node', 'PyTorch'];
console.log(`µs per step, the least of ${rounds} rounds, ${inputs} inputs, Node ${process.versions.node}\n`);
console.log(['kernel'.padEnd(42), ...names.map((name) => name.padStart(18))].join(''));
for (const { kernel, micros } of lines) {
  const cell = (name: string): string => {
    const own = micros[name];
    if (own === undefined) return 'not run';
    return name === 'Engram'
      ? own.toFixed(2)
      : `${own.toFixed(1)} (${(own / (micros['Engram'] as number)).toFixed(1)}x)`;
  };
  console.log([kernel.padEnd(42), ...names.map((name) => cell(name).padStart(18))].join(''));
}
if (options.json) writeFileSync(options.json, `${JSON.stringify(lines, null, 1)}\n`);
