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
const tensor = (name: string, dims: readonly number[]): Buffer => {
  const numbers = Float32Array.from({ length: dims.reduce((all, n) => all * n, 1) }, (_, i) => 0.1 * Math.sin(i));
  const raw = new Uint8Array(numbers.buffer);
  return message(...dims.map((n) => whole(1, n)), whole(2, 1), part(8, name), part(9, raw));
};

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }. */
const value = (name: string, dims: readonly number[]): Buffer =>
  message(
    part(1, name),
    part(2, part(1, message(whole(1, 1), part(2, message(...dims.map((n) => part(1, whole(1, n)))))))),
  );

/** The model: inputs x, h, c and outputs y, hn, cn, for one step of one series. */
export function lstmModel(m: number, d: number): Uint8Array {
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
    part(5, tensor('W', [1, 4 * d, m])),
    part(5, tensor('R', [1, 4 * d, d])),
    part(5, tensor('B', [1, 8 * d])),
    part(11, value('x', [1, 1, m])),
    ...['h', 'c'].map((name) => part(11, value(name, [1, 1, d]))),
    part(12, value('y', [1, 1, 1, d])),
    ...['hn', 'cn'].map((name) => part(12, value(name, [1, 1, d]))),
  );
  // ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }.
  return message(whole(1, 8), part(7, graph), part(8, whole(2, 14)));
}
