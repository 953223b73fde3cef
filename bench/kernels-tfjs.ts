/** TensorFlow.js with one backend, measured in turns: a line {"what", "d", "ms"} of JSON in, a line {"micros", "h"} out. */
import { createInterface } from 'node:readline';
import { type BackendName, backendOf } from '../index.js';
import { inputOf, matrixOf } from './lstm-weights.js';

const [name, folder = ''] = process.argv.slice(2);
const [inputs, steps, batch] = [8, 16, 32];
const { tf } = await backendOf(name as BackendName, folder === '' ? [] : [folder]);
type Tensor = ReturnType<typeof tf.tensor>;

/** Weights as rows of what goes in, gates i, f, g, o beside each other. */
function weights(d: number) {
  const flat = matrixOf(inputs, d, [0, 1, 2, 3], 0, inputs + d);
  return tf.tidy(() => tf.variable(tf.transpose(tf.tensor2d(flat, [4 * d, inputs + d]))));
}

function cell(w: Tensor, x: Tensor, h: Tensor, c: Tensor, d: number): [Tensor, Tensor] {
  const sums = tf.matMul(tf.concat([x, h], 1) as never, w as never) as Tensor;
  const gate = (g: number) => tf.slice(sums, [0, g * d], [-1, d]);
  const now = tf.add(tf.mul(tf.sigmoid(gate(1)), c), tf.mul(tf.sigmoid(gate(0)), tf.tanh(gate(2))));
  return [tf.mul(tf.sigmoid(gate(3)), tf.tanh(now)), now];
}

function work(what: string, d: number): { call: () => void; count: number; h: number[] } {
  const w = weights(d);
  const count = what === 'many' ? batch : 1;
  const x = tf.tensor2d(Array.from({ length: count }, () => Array.from({ length: inputs }, (_, k) => inputOf(k))));
  const still = tf.zeros([count, d]);
  if (what === 'window') {
    const adam = tf.train.adam(1e-7);
    const loss = () => {
      let [h, c]: [Tensor, Tensor] = [still, still];
      for (let s = 0; s < steps; s++) [h, c] = cell(w, x, h, c, d);
      return tf.sum(h) as never;
    };
    const call = (): void => {
      const cost = adam.minimize(loss, true, [w]) as unknown as Tensor;
      cost.dataSync();
      cost.dispose();
    };
    return { call, count, h: [] };
  }
  const step = () => {
    const h = tf.tidy(() => cell(w, x, still, still, d)[0]);
    const numbers = h.dataSync();
    h.dispose();
    return numbers;
  };
  return { call: step, count, h: [...step().slice(0, d)] };
}

const known = new Map<string, ReturnType<typeof work>>();
console.log(JSON.stringify({ version: tf.version_core }));
for await (const line of createInterface({ input: process.stdin })) {
  const { what, d, ms } = JSON.parse(line) as { what: string; d: number; ms: number };
  const key = `${what} ${d}`;
  let one = known.get(key);
  if (!one) {
    one = work(what, d);
    for (let i = 0; i < 3; i++) one.call();
    known.set(key, one);
  }
  const started = process.hrtime.bigint();
  let calls = 0;
  let passed = 0;
  while (passed < ms * 1000) {
    one.call();
    calls++;
    passed = Number(process.hrtime.bigint() - started) / 1000;
  }
  console.log(JSON.stringify({ micros: passed / calls / one.count, h: one.h }));
}
