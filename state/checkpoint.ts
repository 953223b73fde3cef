import { crc32 } from 'node:zlib';
import { type Bundle, columnsOf, decode, encode, piecesOf, StateMismatch, type Table, tableOf } from './arrow.js';
import { isKey } from './keys.js';

/** All that a lane needs to go on from `next` as if it had never stopped. */
export interface Checkpoint {
  readonly shard: string;
  /** Offset of the first row not yet in the state. */
  readonly next: number;
  /** The log was complete at `next`: unless it has grown since, there is nothing left to do. */
  readonly ended: boolean;
  /** What pipeline this is, as text: another one is refused. */
  readonly pipeline: string;
  readonly stages: Readonly<Record<string, Bundle>>;
  /** How far each output was written when the state was taken, by name. */
  readonly sinks: Readonly<Record<string, number>>;
}

/** Where checkpoints are kept. */
export interface CheckpointStore {
  /** The newest undamaged checkpoint at or below `upTo`; undefined if there is none and none was damaged. */
  load(shard: string, upTo?: number): Promise<Checkpoint | undefined>;
  /** Keeps other runs away from a shard until what it returns is called; throws when one is at work on it. */
  lock?(shard: string): Promise<() => Promise<void>>;
  /**
   * Durable once the promise resolves; refuses to go backwards. The tables are views of live state, which goes on as soon as the
   * call returns: all of them are read before anything is awaited. Never called for a shard while another call is on its way.
   */
  save(checkpoint: Checkpoint): Promise<void>;
  /**
   * Takes all checkpoints of a shard out of force, because its state begins anew: they are in the way of no save, and never
   * loaded again. Gives their offsets. A store without it cannot serve a policy that begins anew.
   */
  retire?(shard: string): Promise<readonly number[]>;
}

/** Bytes that are no checkpoint, or no longer one. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint';
}

const magic = new TextEncoder().encode('ENGRAM\r\n');
const formatVersion = 1;
/**
 * Magic, version u32, CRC-32 of the manifest u32, length of the body u64, length of the manifest u32, zeros, and in the
 * last four bytes the CRC-32 of all that. The manifest has the CRC-32 of every table, so each byte is under one.
 */
export const headerBytes = 64;

/** A checkpoint that no longer looks at live state: its tables are copied to their places in the file, `seal` adds the rest. */
export interface Frozen {
  readonly about: Omit<Checkpoint, 'stages'>;
  readonly parts: readonly Part[];
  readonly file: Uint8Array;
}

interface Part {
  readonly stage: string;
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/** How much is summed between two pauses of `seal`: a millisecond's work. */
const sliceBytes = 1 << 22;

/**
 * A checkpoint as bytes: a header of 64 bytes, then Arrow IPC streams one after another. The first is the manifest
 * (stage, table, offset, length and CRC-32 of every other one), so any Arrow reader can walk the file from byte 64.
 * The same state gives the same bytes.
 */
export function frame(checkpoint: Checkpoint): Uint8Array {
  const sealing = seal(freeze(checkpoint));
  for (;;) {
    const { done, value } = sealing.next();
    if (done) return value;
  }
}

/** Copies the state, all that must be done before it goes on; `room` gives as many bytes as it is asked for. */
export function freeze(checkpoint: Checkpoint, room: (bytes: number) => Uint8Array = newRoom): Frozen {
  refuseUnsavable(checkpoint);
  const { stages, ...about } = checkpoint;
  const tables = Object.entries(stages).flatMap(([stage, bundle]) =>
    Object.entries(bundle).map(([name, table]) => ({ stage, name, pieces: piecesOf(table) })),
  );
  const sized = tables.map(({ stage, name, pieces }) => ({ stage, name, length: lengthOf(pieces), offset: 0 }));
  // Offsets and sums are numbers of fixed size, so the manifest is as long with the true ones as with others.
  let end = headerBytes + manifestOf(about, sized, new Uint32Array(sized.length)).length;
  const parts = sized.map((part) => {
    const offset = end;
    end += part.length;
    return { ...part, offset };
  });
  const file = room(end);
  tables.forEach(({ pieces }, i) => {
    let at = (parts[i] as Part).offset;
    for (const piece of pieces) {
      file.set(piece, at);
      at += piece.length;
    }
  });
  return { about, parts, file };
}

const newRoom = (bytes: number): Uint8Array => new Uint8Array(bytes);
const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** Works out the checksums slice by slice, manifest and header last; returns the whole file. */
export function* seal({ about, parts, file }: Frozen): Generator<undefined, Uint8Array> {
  const sums = new Uint32Array(parts.length);
  for (const [i, { offset, length }] of parts.entries()) {
    for (let at = offset, end = offset + length; at < end; at += sliceBytes) {
      sums[i] = crc32(file.subarray(at, Math.min(end, at + sliceBytes)), sums[i]);
      yield;
    }
  }
  const manifest = manifestOf(about, parts, sums);
  file.fill(0, 0, headerBytes);
  file.set(magic, 0);
  file.set(manifest, headerBytes);
  const view = new DataView(file.buffer, file.byteOffset, headerBytes);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, crc32(manifest), true);
  view.setBigUint64(16, BigInt(file.length - headerBytes), true);
  view.setUint32(24, manifest.length, true);
  view.setUint32(headerBytes - 4, crc32(file.subarray(0, headerBytes - 4)), true);
  return file;
}

function manifestOf(
  { shard, next, ended, pipeline, sinks }: Frozen['about'],
  parts: readonly Part[],
  sums: Uint32Array,
): Uint8Array {
  const marks = Object.entries(sinks).sort(([a], [b]) => (a < b ? -1 : 1));
  return encode(
    tableOf(
      {
        stage: parts.map(({ stage }) => stage),
        table: parts.map(({ name }) => name),
        offset: BigInt64Array.from(parts, ({ offset }) => BigInt(offset)),
        length: BigInt64Array.from(parts, ({ length }) => BigInt(length)),
        crc32: sums,
      },
      { checkpoint: JSON.stringify({ shard, next, ended, sinks: Object.fromEntries(marks) }), pipeline },
    ),
  );
}

function refuseUnsavable({ shard, next, sinks, stages }: Checkpoint): void {
  if (!Number.isSafeInteger(next) || next < 0) {
    throw new RangeError(`shard ${shard}: expected an offset of 0 or more to save at, got ${next}`);
  }
  for (const [name, mark] of Object.entries(sinks)) {
    if (!Number.isSafeInteger(mark) || mark < 0) {
      throw new RangeError(`output ${name}: expected a whole number of 0 or more as its mark, got ${mark}`);
    }
  }
  for (const name of [shard, ...Object.entries(stages).flatMap(([stage, bundle]) => [stage, ...Object.keys(bundle)])]) {
    if (!isKey(name)) throw new RangeError(`expected a name of whole characters, got ${JSON.stringify(name)}`);
  }
}

/**
 * Reads what `frame` wrote; throws `DamagedCheckpoint` unless every byte is as it was written, and `StateMismatch` for
 * the format of another release, which is not damage.
 */
export function unframe(file: Uint8Array): Checkpoint {
  const manifest = checkedManifest(file);
  try {
    return read(file, manifest);
  } catch (error) {
    // The checksums fit, so another program wrote this: whatever the reader of Arrow says of it, it is no checkpoint.
    if (error instanceof DamagedCheckpoint) throw error;
    throw new DamagedCheckpoint(`expected Arrow streams behind the header: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function read(file: Uint8Array, manifestBytes: Uint8Array): Checkpoint {
  const manifest = decode(manifestBytes);
  const { stage, table, offset, length, crc32: sums } = columnsOf(manifest) as Record<string, string[] | number[]>;
  const [about, pipeline] = ['checkpoint', 'pipeline'].map((name) => manifest.schema.metadata.get(name));
  if (!stage || !table || !offset || !length || !sums || about === undefined || pipeline === undefined) {
    throw new DamagedCheckpoint('expected a manifest of stage, table, offset, length and crc32 behind the header');
  }
  // Names come from outside: without a prototype none of them means anything.
  const stages: Record<string, Record<string, Table>> = Object.create(null);
  let end = file.length;
  for (let i = stage.length - 1; i >= 0; i--) {
    const from = offset[i] as number;
    if (!Number.isSafeInteger(from) || from < headerBytes || from + (length[i] as number) !== end || from > end) {
      throw new DamagedCheckpoint(`expected table ${i} to end at byte ${end}, found it at ${from} + ${length[i]}`);
    }
    end = from;
  }
  if (end !== headerBytes + manifestBytes.length) {
    throw new DamagedCheckpoint(`expected the first table behind the manifest, found it at byte ${end}`);
  }
  // All sums first: damage is found before anything is decoded.
  const tables = stage.map((name, i) => {
    const bytes = file.subarray(offset[i] as number, (offset[i] as number) + (length[i] as number));
    if (crc32(bytes) !== sums[i]) {
      throw new DamagedCheckpoint(`the checksum of table ${name} ${table[i]} does not fit: bytes were changed`);
    }
    return { name: name as string, table: table[i] as string, bytes };
  });
  for (const { name, table, bytes } of tables) {
    stages[name] ??= Object.create(null) as Record<string, Table>;
    (stages[name] as Record<string, Table>)[table] = decode(bytes);
  }
  const { shard, next, ended, sinks } = JSON.parse(about) as Checkpoint;
  const checkpoint = { shard, next, ended, pipeline, sinks: Object.assign(Object.create(null), sinks), stages };
  if (typeof shard !== 'string' || typeof ended !== 'boolean')
    throw new DamagedCheckpoint('the manifest lacks a shard');
  refuseUnsavable(checkpoint);
  return checkpoint;
}

/** The bytes of the manifest, once header and manifest fit their checksums. */
function checkedManifest(file: Uint8Array): Uint8Array {
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
    throw new StateMismatch(
      `expected a checkpoint of format ${formatVersion}, found format ${version}: open it with the release that wrote ` +
        'it, or start fresh in another state folder',
    );
  }
  const bodyBytes = Number(view.getBigUint64(16, true));
  if (file.length !== headerBytes + bodyBytes) {
    throw new DamagedCheckpoint(
      `expected ${headerBytes + bodyBytes} bytes, found ${file.length}: the file was cut or grew`,
    );
  }
  const manifest = file.subarray(headerBytes, headerBytes + view.getUint32(24, true));
  if (view.getUint32(12, true) !== crc32(manifest)) {
    throw new DamagedCheckpoint('the checksum of the manifest does not fit: bytes were changed');
  }
  return manifest;
}
