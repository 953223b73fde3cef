import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import util from 'node:util';
import type * as Tensorflow from '@tensorflow/tfjs-core';
import { inputs } from '../net-past.js';
import { registerGradients } from './gradients.js';
import { type Fitted, matricesOf, pack, unpack } from './matrices.js';

// The only file that knows TensorFlow.js: bulk training on whole batches, where its operations pay; never per event.

export type BackendName = 'native' | 'wasm' | 'cpu';
export const backendNames: readonly BackendName[] = ['native', 'wasm', 'cpu'];

export type Tf = typeof Tensorflow;

/** TensorFlow.js with the backend that could be had. */
export interface Backend {
  readonly name: BackendName;
  readonly tf: Tf;
  /** Why those before it could not. */
  readonly missing: readonly string[];
}

/** Sequences of equal length: inputs [count][steps][inputs], targets [count][steps][horizons], NaN where there is none. */
export interface Sequences {
  readonly count: number;
  readonly steps: number;
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** The backend that was asked for, else the first of native, wasm and cpu that loads; native is also looked for in `folders`. */
export async function backendOf(wanted: BackendName | undefined, folders: readonly string[] = []): Promise<Backend> {
  const missing: string[] = [];
  for (const name of wanted ? [wanted] : backendNames) {
    try {
      return { name, tf: await load(name, folders), missing };
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new Error(
    `expected TensorFlow.js with the backend ${wanted ?? backendNames.join(' or ')}, it does not load (${missing.join('; ')}): ` +
      'install @tensorflow/tfjs-core with @tensorflow/tfjs-backend-wasm or -cpu, or build the native one (scripts/tfjs-native.mjs)',
  );
}

async function load(name: BackendName, folders: readonly string[]): Promise<Tf> {
  const here = createRequire(import.meta.url);
  if (name === 'native') {
    // Taken out of Node 23, and still called by the package.
    (util as { isNullOrUndefined?: unknown }).isNullOrUndefined ??= (value: unknown) => value == null;
    const places = [here, ...folders.map((folder) => createRequire(resolve(folder, 'package.json')))];
    const found = places.find((place) => resolves(place, '@tensorflow/tfjs-node'));
    if (!found) throw new Error('@tensorflow/tfjs-node is not installed');
    return ready(found('@tensorflow/tfjs-node') as Tf, 'tensorflow');
  }
  const tf = here('@tensorflow/tfjs-core') as Tf;
  if (name === 'cpu') here('@tensorflow/tfjs-backend-cpu');
  else {
    const wasm = here('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void };
    wasm.setWasmPaths(join(here.resolve('@tensorflow/tfjs-backend-wasm'), '../'));
  }
  return ready(tf, name);
}

async function ready(tf: Tf, backend: string): Promise<Tf> {
  if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
  await tf.ready();
  registerGradients(tf);
  return tf;
}

function resolves(place: NodeJS.Require, name: string): boolean {
  try {
    place.resolve(name);
    return true;
  } catch {
    return false;
  }
}

type Tensor = Tensorflow.Tensor;
type Variables = Readonly<Record<string, Tensorflow.Variable>>;

/** Slopes are cut at this many units, as where the net learns online. */
const clip = 2;

/** A net in TensorFlow.js that is moved by Adam; `dispose` gives its tensors back, a step keeps none. */
export class Trainer {
  readonly #tf: Tf;
  readonly #matrices;
  readonly #variables: Variables;
  readonly #adam: Tensorflow.AdamOptimizer;

  /** `weight`: the numbers as the kernels lay them out. */
  constructor(
    { tf }: Backend,
    readonly net: Fitted,
    readonly weight: Float32Array,
    rate = 2e-3,
  ) {
    this.#tf = tf;
    this.#matrices = matricesOf(net);
    const entries = this.#matrices.map((matrix) => {
      const start = tf.tensor2d(unpack(weight, matrix), [matrix.rows, matrix.columns]);
      const variable = tf.variable(start);
      start.dispose();
      return [matrix.name, variable] as const;
    });
    this.#variables = Object.fromEntries(entries);
    this.#adam = tf.train.adam(rate);
  }

  /** Moves the weights against one batch; the loss before. */
  step(batch: Sequences): number {
    const loss = this.#adam.minimize(() => this.#loss(batch), true, Object.values(this.#variables));
    return this.#number(loss as Tensor);
  }

  loss(batch: Sequences): number {
    return this.#number(this.#tf.tidy(() => this.#loss(batch)));
  }

  /** What the head says: [count][steps][horizons]. */
  said(batch: Sequences): Float32Array {
    const said = this.#tf.tidy(() => this.#said(batch));
    const numbers = said.dataSync() as Float32Array;
    said.dispose();
    return numbers.slice();
  }

  /** The gradient of the loss, as the kernels lay weights out. */
  gradient(batch: Sequences): Float32Array {
    const variables = Object.values(this.#variables);
    const { value, grads } = this.#tf.variableGrads(() => this.#loss(batch), variables);
    value.dispose();
    const all = new Float32Array(this.weight.length);
    for (const matrix of this.#matrices) {
      const grad = grads[this.#variables[matrix.name].name];
      pack(grad.dataSync(), matrix, all);
      grad.dispose();
    }
    return all;
  }

  /** The weights as the kernels lay them out. */
  weights(): Float32Array {
    const all = this.weight.slice();
    for (const matrix of this.#matrices) pack(this.#variables[matrix.name].dataSync(), matrix, all);
    return all;
  }

  dispose(): void {
    this.#adam.dispose();
    for (const variable of Object.values(this.#variables)) variable.dispose();
  }

  #number(tensor: Tensor): number {
    const [value] = tensor.dataSync();
    tensor.dispose();
    return value;
  }

  /** Mean Huber loss over the targets that are there. */
  #loss(batch: Sequences): Tensorflow.Scalar {
    const tf = this.#tf;
    const known = tf.tensor(batch.targets.map((x) => (Number.isNaN(x) ? 0 : 1)));
    const targets = tf.tensor(batch.targets.map((x) => (Number.isNaN(x) ? 0 : x)));
    const error = tf.abs(tf.sub(tf.reshape(this.#said(batch), [-1]), targets));
    const near = tf.minimum(error, clip);
    const loss = tf.sub(tf.mul(near, error), tf.mul(tf.square(near), 0.5));
    return tf.div(tf.sum(tf.mul(loss, known)), tf.maximum(tf.sum(known), 1)) as Tensorflow.Scalar;
  }

  #said({ inputs: numbers, count, steps }: Sequences): Tensor {
    const tf = this.#tf;
    const x = tf.tensor2d(numbers, [count * steps, inputs]);
    const told = tf.reshape(this.#told(x, count, steps), [count * steps, -1]);
    return tf.reshape(tf.matMul(tf.concat([told, x], 1) as Tensorflow.Tensor2D, this.#variables.head), [
      count,
      steps,
      -1,
    ]);
  }

  /** What the cell tells at each step: [count][steps][outputs]. */
  #told(x: Tensor, count: number, steps: number): Tensor {
    const tf = this.#tf;
    const { units: d, kind } = this.net;
    const { cell } = this.#variables;
    const still = tf.zeros([count, d]);
    if (kind === 'lstm') {
      const [wx, wh] = [tf.slice(cell, [0, 0], [inputs, -1]), tf.slice(cell, [inputs, 0], [d, -1])];
      const driven = tf.reshape(tf.matMul(x, wx), [count, steps, -1]);
      return this.#scan(steps, [still, still], ([h, c], t) => {
        const sums = tf.add(at(tf, driven, t), tf.matMul(h, wh));
        const gate = (g: number) => tf.slice(sums, [0, g * d], [-1, d]);
        const kept = tf.mul(tf.sigmoid(gate(1)), c);
        const now = tf.add(kept, tf.mul(tf.sigmoid(gate(0)), tf.tanh(gate(2))));
        return [tf.mul(tf.sigmoid(gate(3)), tf.tanh(now)), now];
      });
    }
    const sums = tf.reshape(tf.matMul(x, cell), [count, steps, -1]);
    const gate = (g: number) => tf.slice(sums, [0, 0, g * d], [-1, -1, d]);
    if (kind === 'lru') return this.#turn(gate(0), gate(1), still, steps);
    const raw = gate(kind === 'min-gru' ? 1 : 2);
    const bent = tf.where(tf.greaterEqual(raw, 0), tf.add(raw, 0.5), tf.sigmoid(raw));
    let keep: Tensor;
    if (kind === 'min-gru') keep = tf.sub(1, tf.sigmoid(gate(0)));
    else {
      const [f, i] = [tf.sigmoid(gate(0)), tf.sigmoid(gate(1))];
      keep = tf.div(f, tf.add(f, i));
    }
    const driven = tf.mul(tf.sub(1, keep), bent);
    return this.#scan(steps, [still], ([h], t) => [tf.add(tf.mul(at(tf, keep, t), h), at(tf, driven, t))]);
  }

  #turn(driveRe: Tensor, driveIm: Tensor, still: Tensor, steps: number): Tensor {
    const tf = this.#tf;
    const { nu, theta } = this.#variables;
    const size = tf.exp(tf.neg(tf.exp(nu)));
    const [re, im] = [tf.mul(size, tf.cos(theta)), tf.mul(size, tf.sin(theta))];
    const gamma = tf.sqrt(tf.maximum(tf.sub(1, tf.square(size)), 1e-6));
    const [bRe, bIm] = [tf.mul(driveRe, gamma), tf.mul(driveIm, gamma)];
    const told = this.#scan(steps, [tf.concat([still, still], 1), still, still], ([, xRe, xIm], t) => {
      const nextRe = tf.add(tf.sub(tf.mul(re, xRe), tf.mul(im, xIm)), at(tf, bRe, t));
      const nextIm = tf.add(tf.add(tf.mul(re, xIm), tf.mul(im, xRe)), at(tf, bIm, t));
      return [tf.concat([nextRe, nextIm], 1), nextRe, nextIm];
    });
    return told;
  }

  /** Steps one after the other; the first part of the state at each of them, [count][steps][…]. */
  #scan(steps: number, start: readonly Tensor[], next: (state: readonly Tensor[], t: number) => Tensor[]): Tensor {
    const told: Tensor[] = [];
    let state = start;
    for (let t = 0; t < steps; t++) {
      state = next(state, t);
      told.push(this.#tf.expandDims(state[0], 1));
    }
    return this.#tf.concat(told, 1);
  }
}

/** Step t of [count][steps][width]. */
const at = (tf: Tf, all: Tensor, t: number): Tensor =>
  tf.reshape(tf.slice(all, [0, t, 0], [-1, 1, -1]), [all.shape[0], -1]);
