import {
  Bool,
  CompressionType,
  compressionRegistry,
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  Message,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Type,
  Utf8,
} from 'apache-arrow';
import { unpackLz4, unpackZstd } from './arrow-packing.js';
import { verify } from './arrow-verify.js';
import { flagBits, realBuffers, textBuffers, wholes } from './buffers.js';
import type { ArrowRows, Cells, ColumnType, TypedColumn } from './cells.js';
import { type ArrowMessage, checkMessages, Damage, type Measure, messagesOf } from './messages.js';
import { checkMetadata } from './metadata.js';
import { MissingPackage } from './package.js';

export { type ArrowMessage, Damage };

const bodyBytesMax = 2 ** 31 - 1;

/** An IPC file whose schema is only in its footer: it cannot be read from its beginning. */
export class SchemaAtEnd extends Damage {}

/** The record batches of an IPC file whose schema is in its footer, from all its bytes. */
export function* arrowFileBatches(bytes: Uint8Array): Generator<ArrowRows> {
  useCompressions();
  try {
    const reader = RecordBatchReader.from(bytes).open({ autoDestroy: false });
    const columns = namesOf(reader.schema);
    for (const batch of reader) yield rowsOf(batch, columns);
  } catch (error) {
    if (error instanceof Damage || error instanceof MissingPackage) throw error;
    throw new Damage(`expected an Arrow file: ${(error as Error).message}`);
  }
}

/** The record batches of a small IPC stream that lies in memory; throws `Damage` where it is none, or holds more rows. */
export function arrowRowsIn(stream: Uint8Array, rowsMax: number): ArrowRows[] {
  useCompressions();
  // Copied, so that columns begin where typed arrays may.
  const bytes = new Uint8Array(stream);
  const rows = checkMessages(bytes, measured);
  if (rows > rowsMax) throw new Damage(`expected at most ${rowsMax} rows, the stream says it has ${rows}`);
  try {
    const reader = RecordBatchReader.from(bytes).open({ autoDestroy: false });
    const columns = namesOf(reader.schema);
    return [...reader].map((batch) => rowsOf(batch, columns));
  } catch (error) {
    if (error instanceof Damage || error instanceof MissingPackage) throw error;
    throw new Damage(`expected an Arrow IPC stream: ${(error as Error).message}`);
  }
}

/** The record batches of an IPC stream or file, one after another; throws `Damage` where the bytes break the format. */
export async function* arrowBatches(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArrowRows> {
  useCompressions();
  let at = 0;
  // Kept until the rows before it were given out, because the library reads ahead.
  let fault: unknown;
  async function* checked(): AsyncGenerator<Uint8Array> {
    try {
      for await (const message of arrowMessages(bytes)) {
        if (at === 0 && !message.schema) throw new SchemaAtEnd('expected the schema before the first batch of rows');
        at = message.end;
        yield message.bytes;
      }
    } catch (error) {
      fault = error;
    }
  }
  const source = checked();
  try {
    const reader = await RecordBatchReader.from(source);
    await reader.open({ autoDestroy: false });
    if (!reader.schema) throw new Damage('expected an Arrow IPC stream or file, found no schema');
    const columns = namesOf(reader.schema);
    let batches = 0;
    for await (const batch of reader) {
      batches++;
      yield rowsOf(batch, columns);
    }
    if (batches === 0) yield { columns, rows: 0, get: () => null };
  } catch (error) {
    if (fault) throw fault;
    if (error instanceof Damage || error instanceof MissingPackage) throw error;
    throw new Damage(`expected Arrow data, it is damaged before byte ${at}: ${(error as Error).message}`);
  }
  if (fault) throw fault;
}

/** Gives the library, which brings none, the two compressions that Arrow has. */
function useCompressions(): void {
  if (compressionRegistry.get(CompressionType.ZSTD)) return;
  compressionRegistry.set(CompressionType.ZSTD, { decode: unpackZstd });
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: unpackLz4 });
}

function namesOf({ fields }: Schema): string[] {
  return fields.map(({ name }, at) => {
    if (typeof name !== 'string') throw new Damage(`expected a name for column ${at}: the schema is damaged`);
    return name;
  });
}

/** The messages of a stream or file, each checked for whether what it says of lengths fits into it. */
export const arrowMessages = (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArrowMessage> =>
  messagesOf(bytes, measured);

/** Reads what a message says of its lengths, and refuses what does not fit. */
function measured(metadata: Uint8Array, at: number): Measure {
  checkMetadata(metadata);
  let message: Message;
  try {
    message = Message.decode(metadata);
  } catch (error) {
    throw new Damage(`expected a message before byte ${at}: ${(error as Error).message}`);
  }
  const { bodyLength } = message;
  if (!(bodyLength >= 0 && bodyLength <= bodyBytesMax)) {
    throw new Damage(
      `expected at most ${bodyBytesMax} bytes of data before byte ${at}, the message says ${bodyLength}`,
    );
  }
  if (!message.isRecordBatch() && !message.isDictionaryBatch())
    return { bodyLength, rows: 0, schema: message.isSchema() };
  try {
    const header = message.header();
    const { nodes, buffers } = header;
    const batch = 'data' in header ? header.data : header;
    const fits = buffers.every(({ offset, length }) => offset >= 0 && length >= 0 && offset + length <= bodyLength);
    const sane = nodes.every(({ length, nullCount }) => length >= 0 && nullCount >= 0 && nullCount <= length);
    if (!fits || !sane || batch.length < 0) {
      throw new Damage(`expected columns within ${bodyLength} bytes before byte ${at}, the message says otherwise`);
    }
    return { bodyLength, rows: message.isRecordBatch() ? batch.length : 0, schema: false };
  } catch (error) {
    if (error instanceof Damage) throw error;
    throw new Damage(`expected a message before byte ${at}: ${(error as Error).message}`);
  }
}

function rowsOf(batch: RecordBatch, columns: readonly string[]): ArrowRows {
  const vectors = columns.map((_, at) => batch.getChildAt(at));
  const dated = vectors.map((vector) => vector?.type.typeId === Type.Timestamp || vector?.type.typeId === Type.Date);
  vectors.forEach((vector, at) => {
    for (const data of vector?.data ?? []) verify(data, batch.numRows, columns[at]);
  });
  return {
    columns,
    rows: batch.numRows,
    get(column, row) {
      try {
        const cell = vectors[column]?.get(row) ?? null;
        return dated[column] && cell !== null ? new Date(Number(cell)) : cell;
      } catch (error) {
        // A timestamp may be further off than a number can say: no time, but no damage either.
        if (dated[column]) return new Date(Number.NaN);
        throw new Damage(`column "${columns[column]}", row ${row}: expected a value: ${(error as Error).message}`);
      }
    },
  };
}

const types: Record<ColumnType, () => DataType> = {
  text: () => new Utf8(),
  time: () => new TimestampMillisecond('UTC'),
  whole: () => new Int64(),
  real: () => new Float64(),
  flag: () => new Bool(),
};

/** Makes the bytes of an IPC stream or file piece by piece. */
export class ArrowWriter {
  readonly #schema: Schema;
  readonly #writer: {
    begin(schema: Schema): void;
    write(batch: RecordBatch): void;
    finish(): unknown;
    out: Uint8Array[];
  };

  constructor(
    readonly columns: readonly TypedColumn[],
    form: 'stream' | 'file',
  ) {
    this.#schema = new Schema(columns.map(({ name, type }) => new Field(name, types[type](), true)));
    this.#writer = form === 'file' ? new FileBytes() : new StreamBytes();
    this.#writer.begin(this.#schema);
  }

  /** What was made since the last call. */
  take(): Uint8Array {
    return Buffer.concat(this.#writer.out.splice(0));
  }

  write(cells: Cells, rows: number): void {
    const { fields } = this.#schema;
    const children = this.columns.map(({ type }, at) => dataOf(type, cells[at], rows));
    const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children });
    this.#writer.write(new RecordBatch(this.#schema, data));
  }

  /** Ends the stream, or writes the footer of the file. */
  finish(): void {
    this.#writer.finish();
  }
}

/** The library's writers queue what they make for a reader; these keep it for `take`, so nothing piles up. */
class StreamBytes extends RecordBatchStreamWriter {
  readonly out: Uint8Array[] = [];
  begin(schema: Schema): void {
    this.reset(undefined, schema);
  }
  protected override _write(chunk: ArrayBufferView | ArrayBufferLike): this {
    return keep(this, this._started, chunk, (bytes) => {
      this._position += bytes;
    });
  }
}

class FileBytes extends RecordBatchFileWriter {
  readonly out: Uint8Array[] = [];
  begin(schema: Schema): void {
    this.reset(undefined, schema);
  }
  protected override _write(chunk: ArrayBufferView | ArrayBufferLike): this {
    return keep(this, this._started, chunk, (bytes) => {
      this._position += bytes;
    });
  }
  /** The library leaves out the schema at the beginning, without which a file is not the stream it ought to hold. */
  protected override _writeSchema(schema: Schema): this {
    return super._writeSchema(schema)._writeMessage(Message.from(schema));
  }
}

function keep<W extends { out: Uint8Array[] }>(
  writer: W,
  started: boolean,
  chunk: ArrayBufferView | ArrayBufferLike,
  count: (bytes: number) => void,
): W {
  if (!started) return writer;
  const view = ArrayBuffer.isView(chunk)
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : new Uint8Array(chunk);
  writer.out.push(view.slice());
  count(view.length);
  return writer;
}

function dataOf(type: ColumnType, cells: readonly unknown[], length: number): Data {
  switch (type) {
    case 'text':
      return makeData({ type: new Utf8(), length, nullCount: 0, ...textBuffers(cells as readonly string[], length) });
    case 'flag':
      return makeData({ type: new Bool(), length, nullCount: 0, data: flagBits(cells, length) });
    case 'real':
      return makeData({ type: new Float64(), length, ...realBuffers(cells as readonly number[], length) });
    case 'time':
      return makeData({ type: new TimestampMillisecond('UTC'), length, nullCount: 0, data: wholes(cells, length) });
    case 'whole':
      return makeData({ type: new Int64(), length, nullCount: 0, data: wholes(cells, length) });
  }
}
