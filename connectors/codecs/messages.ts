/** Bytes that are not what Arrow allows: nothing after this point can be trusted. */
export class Damage extends Error {
  override readonly name = 'Damage';
}

const metadataBytesMax = 1 << 24;
const magic = 'ARROW1';

/** One whole message of a stream. */
export interface ArrowMessage {
  readonly bytes: Uint8Array;
  /** Rows of its record batch; 0 for schemas and dictionaries. */
  readonly rows: number;
  readonly schema: boolean;
  /** Where it ends in the input. */
  readonly end: number;
}

/** What the metadata of a message say. */
export interface Measure {
  readonly bodyLength: number;
  readonly rows: number;
  readonly schema: boolean;
}

/** Walks through a stream that lies in memory, without reading its columns; gives the rows it says it has. */
export function checkMessages(bytes: Uint8Array, measure: (metadata: Uint8Array, at: number) => Measure): number {
  const must = (from: number, size: number, what: string): Uint8Array => {
    if (from + size > bytes.length) {
      throw new Damage(`expected ${size} bytes of ${what} at byte ${from}, the stream ends at ${bytes.length}`);
    }
    return bytes.subarray(from, from + size);
  };
  if (Buffer.from(bytes.subarray(0, 6)).toString('latin1') === magic) {
    throw new Damage('expected an Arrow stream, came an Arrow file: write a stream');
  }
  let rows = 0;
  let begun = false;
  for (let at = 0; at < bytes.length; ) {
    const marked = int32(must(at, 4, 'message')) === -1;
    const size = marked ? int32(must(at + 4, 4, 'message length')) : int32(bytes.subarray(at));
    at += marked ? 8 : 4;
    if (size === 0) break;
    if (size < 0 || size > metadataBytesMax) {
      throw new Damage(`expected a message of 1 to ${metadataBytesMax} bytes at byte ${at}, its length says ${size}`);
    }
    const measured = measure(must(at, size, 'metadata'), at + size);
    if (!begun && !measured.schema) throw new Damage('expected the schema before the first batch of rows');
    begun = true;
    must(at + size, measured.bodyLength, 'data');
    rows += measured.rows;
    at += size + measured.bodyLength;
  }
  if (!begun) throw new Damage('expected an Arrow IPC stream, the value is empty');
  return rows;
}

/** Cuts an Arrow IPC stream or file into its messages; lengths are trusted only up to what the input holds. */
export async function* messagesOf(
  input: AsyncIterable<Uint8Array>,
  measure: (metadata: Uint8Array, at: number) => Measure,
): AsyncGenerator<ArrowMessage> {
  const source = input[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let end = 0;
  /** The next `size` bytes in a buffer of their own (so they are aligned); fewer where the input ends. */
  const take = async (size: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    let lacking = size;
    while (lacking > 0) {
      if (held.length === 0) {
        const step = await source.next();
        if (step.done) break;
        held = step.value;
      }
      parts.push(held.subarray(0, lacking));
      lacking -= parts[parts.length - 1].length;
      held = held.subarray(parts[parts.length - 1].length);
    }
    end += size - lacking;
    const taken = new Uint8Array(size - lacking);
    let to = 0;
    for (const part of parts) {
      taken.set(part, to);
      to += part.length;
    }
    return taken;
  };
  const must = async (size: number, what: string): Promise<Uint8Array> => {
    const from = end;
    const taken = await take(size);
    if (taken.length < size) {
      throw new Damage(`expected ${size} bytes of ${what} at byte ${from}, the input ends after ${taken.length}`);
    }
    return taken;
  };
  try {
    let prefix = await take(4);
    if (prefix.length === 0) throw new Damage('expected an Arrow IPC stream or file, the input is empty');
    if (Buffer.from(prefix).toString('latin1') === magic.slice(0, 4)) {
      const rest = Buffer.from(await must(4, 'magic')).toString('latin1');
      if (rest.slice(0, 2) !== magic.slice(4)) throw new Damage('expected an Arrow file to begin with ARROW1');
      prefix = await take(4);
    }
    for (; prefix.length > 0; prefix = await take(4)) {
      if (prefix.length < 4) throw new Damage(`expected a message at byte ${end}, the input ends`);
      const first = int32(prefix);
      const second = first === -1 ? await must(4, 'message length') : undefined;
      const size = second ? int32(second) : first;
      if (size === 0) return;
      if (size < 0 || size > metadataBytesMax) {
        throw new Damage(
          `expected a message of 1 to ${metadataBytesMax} bytes at byte ${end}, its length says ${size}`,
        );
      }
      const metadata = await must(size, 'metadata');
      const { bodyLength, rows, schema } = measure(metadata, end);
      const body = await must(bodyLength, 'data');
      const head = second ? [prefix, second, metadata, body] : [prefix, metadata, body];
      yield { bytes: Buffer.concat(head), rows, schema, end };
    }
  } finally {
    await source.return?.();
  }
}

const int32 = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
