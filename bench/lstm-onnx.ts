import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inputOf, matrixOf } from './lstm-weights.js';

// An ONNX model of one LSTM step, written as the protobuf messages of onnx.proto: numbers in the text are its field numbers.

const integer = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
};
const whole = (field: number, value: number): Buffer => Buffer.from([...integer(field * 8), ...integer(value)]);
const part = (field: number, bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes as Uint8Array);
  return Buffer.concat([Buffer.from([...integer(field * 8 + 2), ...integer(content.length)]), content]);
};
const message = (...parts: readonly Buffer[]): Buffer => Buffer.concat(parts);

/** TensorProto: dims 1, data_type 2 (1 is float), name 8, raw_data 9. */
const tensor = (name: string, dims: readonly number[], numbers: Float32Array): Buffer =>
  message(...dims.map((n) => whole(1, n)), whole(2, 1), part(8, name), part(9, new Uint8Array(numbers.buffer)));

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }. */
const value = (name: string, dims: readonly number[]): Buffer =>
  message(
    part(1, name),
    part(2, part(1, message(whole(1, 1), part(2, message(...dims.map((n) => part(1, whole(1, n)))))))),
  );

/** The gates i, o, f, g of ONNX among i, f, g, o. */
const order = [0, 3, 1, 2];

/** The model: inputs x, h, c and outputs y, hn, cn, for one step of a batch of series. */
function lstmModel(m: number, d: number, batch: number): Uint8Array {
  // NodeProto: input 1, output 2, op_type 4, attribute 5 { name 1, i 3, type 20 (2 is int) }; empty names are left out inputs.
  const node = message(
    ...['x', 'W', 'R', 'B', '', 'h', 'c'].map((name) => part(1, name)),
    ...['y', 'hn', 'cn'].map((name) => part(2, name)),
    part(4, 'LSTM'),
    part(5, message(part(1, 'hidden_size'), whole(3, d), whole(20, 2))),
  );
  // GraphProto: node 1, name 2, initializer 5, input 11, output 12.
  const graph = message(
    part(1, node),
    part(2, 'lstm'),
    part(5, tensor('W', [1, 4 * d, m], matrixOf(m, d, order, 0, m))),
    part(5, tensor('R', [1, 4 * d, d], matrixOf(m, d, order, m, m + d))),
    part(5, tensor('B', [1, 8 * d], new Float32Array(8 * d))),
    part(11, value('x', [1, batch, m])),
    ...['h', 'c'].map((name) => part(11, value(name, [1, batch, d]))),
    part(12, value('y', [1, 1, batch, d])),
    ...['hn', 'cn'].map((name) => part(12, value(name, [1, batch, d]))),
  );
  // ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }.
  return message(whole(1, 8), part(7, graph), part(8, whole(2, 14)));
}

/** A step of onnxruntime's LSTM on one thread, from a state of zeros; and what it makes of h. */
export async function onnxLstm(folder: string, m: number, d: number, batch: number) {
  const ort = createRequire(join(folder, 'package.json'))('onnxruntime-node');
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' };
  const session = await ort.InferenceSession.create(lstmModel(m, d, batch), threads);
  const zeros = () => new ort.Tensor('float32', new Float32Array(batch * d), [1, batch, d]);
  const x = new ort.Tensor(
    'float32',
    Float32Array.from({ length: batch * m }, (_, i) => inputOf(i % m)),
    [1, batch, m],
  );
  const feeds = { x, h: zeros(), c: zeros() };
  const step = (): Promise<unknown> => session.run(feeds);
  return { step, h: (await session.run(feeds)).hn.data as Float32Array };
}
