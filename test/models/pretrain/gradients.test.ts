import { expect, test } from 'vitest';
import { registerGradients } from '../../../models/pretrain/gradients.js';
import { backendOf } from '../../../models/pretrain/tfjs.js';

test('slopes are those of finite differences, of operands that are spread too, and none is registered twice', async () => {
  const { tf } = await backendOf('cpu');
  registerGradients(tf);
  const kinds: Record<string, (x: ReturnType<typeof tf.tensor>) => ReturnType<typeof tf.tensor>> = {
    spread: (x) => tf.div(tf.mul(tf.sub(x, tf.tensor1d([1, 2])), tf.tensor2d([[3], [4]])), tf.add(tf.square(x), 1)),
    pieces: (x) =>
      tf.concat(
        [
          tf.slice(x, [0, 1], [-1, 1]),
          tf.neg(x),
          tf.mul(tf.expandDims(tf.expandDims(tf.sum(x), 0), 1), tf.ones([2, 1])),
        ],
        1,
      ),
    curves: (x) => tf.add(tf.add(tf.sin(x), tf.cos(x)), tf.add(tf.tanh(x), tf.mul(tf.sigmoid(x), tf.exp(x)))),
    bends: (x) => tf.add(tf.minimum(x, 0.4), tf.where(tf.greater(x, 0), tf.sqrt(tf.maximum(x, 0.01)), tf.abs(x))),
  };
  for (const [name, made] of Object.entries(kinds)) {
    const weigh = (x: ReturnType<typeof tf.tensor>) => {
      const y = made(x);
      return tf.sum(tf.mul(y, tf.reshape(tf.range(1, y.size + 1), y.shape))) as ReturnType<typeof tf.scalar>;
    };
    const start = [0.3, -0.7, 1.2, 0.55];
    const slope = tf
      .grad((x) => weigh(x))(tf.tensor2d(start, [2, 2]))
      .dataSync();
    start.forEach((_, i) => {
      const at = (by: number) =>
        weigh(
          tf.tensor2d(
            start.map((x, j) => (j === i ? x + by : x)),
            [2, 2],
          ),
        ).dataSync()[0];
      expect(slope[i], `${name} ${i}`).toBeCloseTo((at(1e-2) - at(-1e-2)) / 2e-2, 1);
    });
  }
});
