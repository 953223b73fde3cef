import type { Tf } from './tfjs.js';

// The package of operations comes without their derivatives: those of the few that a net is made of, for backends that are
// loaded alone. From the definitions; `tfjs.test.ts` holds them against our kernels.

type Tensor = ReturnType<Tf['tensor']>;
type Gradient = Parameters<Tf['registerGradient']>[0];
type Slopes = ReturnType<Gradient['gradFunc']>;

/** Registers what is not registered yet. */
export function registerGradients(tf: Tf): void {
  for (const gradient of gradientsOf(tf)) if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
}

function gradientsOf(tf: Tf): Gradient[] {
  /** Sums over the axes along which an operand was spread. */
  const like = (slope: Tensor, operand: { readonly shape: number[] }, out: { readonly shape: number[] }): Tensor => {
    const axes = tf.broadcast_util.getReductionAxes(operand.shape, out.shape);
    return tf.reshape(axes.length > 0 ? tf.sum(slope, axes) : slope, operand.shape);
  };
  /** Of two operands: slopes by the first and by the second. */
  const two = (kernelName: string, by: (dy: Tensor, a: Tensor, b: Tensor) => [Tensor, Tensor]): Gradient => ({
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc(dy, [a, b]) {
      const out = dy as Tensor;
      return { a: () => like(by(out, a, b)[0], a, out), b: () => like(by(out, a, b)[1], b, out) };
    },
  });
  /** Of one operand, from itself. */
  const one = (kernelName: string, by: (dy: Tensor, x: Tensor) => Tensor): Gradient => ({
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => by(dy as Tensor, x) }),
  });
  /** Of one operand, from what came out. */
  const out = (kernelName: string, by: (dy: Tensor, y: Tensor) => Tensor): Gradient => ({
    kernelName,
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => by(dy as Tensor, y) }),
  });
  const where = (condition: Tensor, dy: Tensor) => tf.mul(dy, tf.cast(condition, 'float32'));
  return [
    two('Add', (dy) => [dy, dy]),
    two('Sub', (dy) => [dy, tf.neg(dy)]),
    two('Multiply', (dy, a, b) => [tf.mul(dy, b), tf.mul(dy, a)]),
    two('RealDiv', (dy, a, b) => [tf.div(dy, b), tf.neg(tf.div(tf.mul(dy, a), tf.square(b)))]),
    two('Minimum', (dy, a, b) => [where(tf.lessEqual(a, b), dy), where(tf.greater(a, b), dy)]),
    two('Maximum', (dy, a, b) => [where(tf.greaterEqual(a, b), dy), where(tf.less(a, b), dy)]),
    one('Square', (dy, x) => tf.mul(dy, tf.mul(x, 2))),
    one('Sqrt', (dy, x) => tf.div(dy, tf.mul(tf.sqrt(x), 2))),
    one('Abs', (dy, x) => tf.mul(dy, tf.sign(x))),
    one('Identity', (dy) => dy),
    one('Neg', (dy) => tf.neg(dy)),
    one('Sin', (dy, x) => tf.mul(dy, tf.cos(x))),
    one('Cos', (dy, x) => tf.neg(tf.mul(dy, tf.sin(x)))),
    one('Reshape', (dy, x) => tf.reshape(dy, x.shape)),
    out('Sigmoid', (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
    out('Tanh', (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y)))),
    out('Exp', (dy, y) => tf.mul(dy, y)),
    // All numbers are summed at once: every one gets the same slope.
    one('Sum', (dy, x) => tf.mul(dy, tf.onesLike(x))),
    // Of which of two is greater nothing is learned.
    ...['GreaterEqual', 'Greater'].map((name) => two(name, (dy) => [tf.zerosLike(dy), tf.zerosLike(dy)])),
    {
      kernelName: 'ExpandDims',
      inputsToSave: ['input'],
      gradFunc: (dy, [x]) => ({ input: () => tf.reshape(dy as Tensor, x.shape) }),
    },
    {
      kernelName: 'Select',
      inputsToSave: ['condition'],
      gradFunc: (dy, [condition]) => ({
        condition: () => tf.zerosLike(tf.cast(condition, 'float32')),
        t: () => where(condition, dy as Tensor),
        e: () => where(tf.logicalNot(condition), dy as Tensor),
      }),
    },
    {
      kernelName: 'BatchMatMul',
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, [a, b]) => ({
        a: () => tf.matMul(dy as Tensor, b, false, true),
        b: () => tf.matMul(a, dy as Tensor, true, false),
      }),
    },
    {
      kernelName: 'Slice',
      inputsToSave: ['x'],
      gradFunc(dy, [x], attributes) {
        const { begin, size } = attributes as unknown as { begin: number[]; size: number[] };
        const [from, sizes] = tf.slice_util.parseSliceParams(x, begin, size);
        const around = from.map((at, axis): [number, number] => [at, x.shape[axis] - at - sizes[axis]]);
        return { x: () => tf.pad(dy as Tensor, around) };
      },
    },
    {
      kernelName: 'Concat',
      saveAllInputs: true,
      gradFunc(dy, parts, attributes) {
        const { axis } = attributes as unknown as { axis: number };
        const sizes = parts.map(({ shape }) => shape[axis < 0 ? shape.length + axis : axis]);
        const slopes = tf.split(dy as Tensor, sizes, axis);
        return slopes.map((slope) => () => slope) as unknown as Slopes;
      },
    },
  ];
}
