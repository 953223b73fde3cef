import { crc32 } from 'node:zlib';
import { type Bundle, decode, encode, type Table, tableOf } from './arrow.js';

/** All that a lane needs to go on from `next` as if it had never stopped. */
export interface Checkpoint {
  readonly shard: string;
  /** Offset of the first row not yet in the state. */
  readonly next: number;
  /** What pipeline this is, as text: another one is refused. */
  readonly pipeline: string;
  readonly stages: Readonly<Record<string, Bundle>>;
  /** How far each output was written when the state was taken, by name. */
  readonly sinks: Readonly<Record<string, number>>;
}

/** Where checkpoints are kept. */
export interface CheckpointStore {
  /** The newest undamaged checkpoint at or below `upTo`; undefined if there never was one. */
  load(shard: string, upTo?: number): Promise<Checkpoint | undefined>;
  /** Durable once the promise resolves; refuses to go backwards. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/** Bytes that are no checkpoint, or no longer one. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint';
}

const magic = new TextEncoder().encode('ENGRAM\r\n');
const formatVersion = 1;
/** magic, version u32, CRC-32 of the body u32, length of the body u64, zeros, CRC-32 of all that in the last four. */
export const headerBytes = 64;

/**
 * A checkpoint as bytes: a header of 64 bytes, then Arrow IPC streams one after another. The first is the manifest
 * (stage, table, offset, length and CRC-32 of every other one), so any Arrow reader can walk the file from byte 64.
 */
export function frame(checkpoint: Checkpoint): Uint8Array {
  const parts = Object.entries(checkpoint.stages).flatMap(([stage, bundle]) =>
    Object.entries(bundle).map(([name, table]) => ({ stage, name, bytes: encode(table) })),
  );
  const manifestOf = (manifestBytes: number): Uint8Array => {
    let at = headerBytes + manifestBytes;
    const offsets = parts.map(({ bytes }) => {
      const offset = at;
      at += bytes.length;
      return offset;
    });
    return encode(
      tableOf(
        {
          stage: parts.map(({ stage }) => stage),
          table: parts.map(({ name }) => name),
          offset: offsets,
          length: parts.map(({ bytes }) => bytes.length),
          crc32: parts.map(({ bytes }) => crc32(bytes)),
        },
        {
          shard: checkpoint.shard,
          next: String(checkpoint.next),
          pipeline: checkpoint.pipeline,
          sinks: JSON.stringify(checkpoint.sinks),
        },
      ),
    );
  };
  // The offsets are numbers of fixed size, so the manifest is as long with the true ones as with zeros.
  const manifest = manifestOf(manifestOf(0).length);
  const bodyBytes = manifest.length + parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const file = new Uint8Array(headerBytes + bodyBytes);
  let at = headerBytes;
  for (const bytes of [manifest, ...parts.map((part) => part.bytes)]) {
    file.set(bytes, at);
    at += bytes.length;
  }
  const view = new DataView(file.buffer);
  file.set(magic, 0);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, crc32(file.subarray(headerBytes)), true);
  view.setBigUint64(16, BigInt(bodyBytes), true);
  view.setUint32(headerBytes - 4, crc32(file.subarray(0, headerBytes - 4)), true);
  return file;
}

/** Reads what `frame` wrote; throws `DamagedCheckpoint` unless every byte is as it was written. */
export function unframe(file: Uint8Array): Checkpoint {
  checkHeader(file);
  const manifest = decode(file.subarray(headerBytes));
  const text = (name: string): string => {
    const value = manifest.schema.metadata.get(name);
    if (value === undefined) throw new DamagedCheckpoint(`the manifest lacks ${name}`);
    return value;
  };
  const stages: Record<string, Record<string, Table>> = {};
  for (const row of manifest.toArray() as { stage: string; table: string; offset: number; length: number }[]) {
    const { stage, table, offset, length } = row;
    let bundle = stages[stage];
    if (!bundle) {
      bundle = {};
      stages[stage] = bundle;
    }
    bundle[table] = decode(file.subarray(offset, offset + length));
  }
  return {
    shard: text('shard'),
    next: Number(text('next')),
    pipeline: text('pipeline'),
    sinks: JSON.parse(text('sinks')) as Record<string, number>,
    stages,
  };
}

function checkHeader(file: Uint8Array): void {
  if (file.length < headerBytes) {
    throw new DamagedCheckpoint(`expected at least ${headerBytes} bytes, found ${file.length}: the file was cut`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (magic.some((byte, i) => file[i] !== byte)) throw new DamagedCheckpoint('expected a file that begins with ENGRAM');
  if (view.getUint32(headerBytes - 4, true) !== crc32(file.subarray(0, headerBytes - 4))) {
    throw new DamagedCheckpoint('the checksum of the header does not fit: bytes were changed');
  }
  const version = view.getUint32(8, true);
  if (version !== formatVersion) {
    throw new DamagedCheckpoint(
      `expected format version ${formatVersion}, found ${version}: use the release that wrote it`,
    );
  }
  const bodyBytes = Number(view.getBigUint64(16, true));
  if (file.length !== headerBytes + bodyBytes) {
    throw new DamagedCheckpoint(
      `expected ${headerBytes + bodyBytes} bytes, found ${file.length}: the file was cut or grew`,
    );
  }
  if (view.getUint32(12, true) !== crc32(file.subarray(headerBytes))) {
    throw new DamagedCheckpoint('the checksum of the body does not fit: bytes were changed');
  }
}
