import { crc32 } from 'node:zlib';
import { type Checkpoint, type CheckpointStore, DamagedCheckpoint, freeze, unframe } from '../checkpoint.js';
import { sealed } from './sealed.js';

/** The newest value of every key, kept by somebody: a compacted topic. All keys of a shard lie in one place, in order. */
export interface RecordTable {
  read(shard: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Durable, and in this order, once the promise resolves; null deletes a key. */
  write(shard: string, records: readonly { readonly key: string; readonly value: Uint8Array | null }[]): Promise<void>;
}

export interface KafkaStoreOptions {
  /** Complete generations kept; at least 3. */
  readonly generations?: number;
  /** Bytes per record: below what the topic takes. */
  readonly chunkBytes?: number;
  /** Told of every generation that lacks a part or fits no checksum. */
  readonly onDamaged?: (shard: string, next: number, error: Error) => void;
}

/** What is known of one generation: written last, so that a generation without it is none. */
interface Manifest {
  readonly next: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly crc32: number;
}

const partKey = (shard: string, next: number, part: number | 'manifest'): string => `${shard}\n${next}\n${part}`;

/**
 * Checkpoints as records of a compacted topic, so that a process on another machine needs nothing but Kafka. A generation
 * is its chunks, then its manifest with their count and checksum; older generations are deleted after that.
 */
export class KafkaStore implements CheckpointStore {
  /** Generations of a shard and their numbers of chunks, oldest first. */
  readonly #known = new Map<string, Map<number, number>>();
  /** Of these, the ones that were passed over because the shard was set back behind them: none of its own past. */
  readonly #passed = new Map<string, number[]>();

  constructor(
    readonly table: RecordTable,
    readonly options: KafkaStoreOptions = {},
  ) {
    const { generations = 3, chunkBytes = 512 * 1024 } = options;
    if (!(Number.isInteger(generations) && generations >= 3)) {
      throw new RangeError(`generations: expected a whole number of at least 3, got ${generations}`);
    }
    if (!(Number.isInteger(chunkBytes) && chunkBytes >= 1)) {
      throw new RangeError(`chunkBytes: expected a whole number of at least 1, got ${chunkBytes}`);
    }
  }

  async load(shard: string, upTo = Number.POSITIVE_INFINITY): Promise<Checkpoint | undefined> {
    const records = await this.table.read(shard);
    const manifests = this.#manifests(shard, records);
    this.#passed.set(
      shard,
      manifests.map(({ next }) => next).filter((next) => next > upTo),
    );
    let damaged: DamagedCheckpoint | undefined;
    for (const manifest of manifests.filter(({ next }) => next <= upTo).reverse()) {
      try {
        return assemble(shard, manifest, records);
      } catch (error) {
        if (!(error instanceof DamagedCheckpoint)) throw error;
        this.options.onDamaged?.(shard, manifest.next, error);
        damaged ??= error;
      }
    }
    if (damaged) {
      throw new DamagedCheckpoint(
        `${shard}: expected an undamaged checkpoint at or below ${upTo}, found only damaged ones (${damaged.message}). ` +
          'Nothing is started from nothing by itself: delete the records of this shard to begin afresh',
      );
    }
    return undefined;
  }

  #manifests(shard: string, records: ReadonlyMap<string, Uint8Array>): Manifest[] {
    const manifests = [...records]
      .filter(([key]) => key.startsWith(`${shard}\n`) && key.endsWith('\nmanifest'))
      .map(([, value]) => JSON.parse(Buffer.from(value).toString('utf8')) as Manifest)
      .sort((a, b) => a.next - b.next);
    this.#known.set(shard, new Map(manifests.map(({ next, chunks }) => [next, chunks])));
    return manifests;
  }

  /** Deleted, with chunks that no manifest names any more: a compacted topic keeps no second shelf. */
  async retire(shard: string): Promise<readonly number[]> {
    const records = await this.table.read(shard);
    const manifests = this.#manifests(shard, records);
    // Manifests first: without them the chunks are nothing.
    const keys = [...records.keys()]
      .filter((key) => key.startsWith(`${shard}\n`))
      .sort((a, b) => Number(b.endsWith('\nmanifest')) - Number(a.endsWith('\nmanifest')));
    if (keys.length > 0) {
      await this.table.write(
        shard,
        keys.map((key) => ({ key, value: null })),
      );
    }
    this.#known.set(shard, new Map());
    this.#passed.delete(shard);
    return manifests.map(({ next }) => next);
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { shard, next } = checkpoint;
    // Copied before anything is awaited: the tables are views of live state.
    const bytes = await sealed(freeze(checkpoint));
    if (!this.#known.has(shard)) this.#manifests(shard, await this.table.read(shard));
    const known = this.#known.get(shard) ?? new Map<number, number>();
    for (const ahead of this.#passed.get(shard) ?? []) await this.#delete(shard, ahead, known);
    this.#passed.delete(shard);
    const newest = Math.max(-1, ...known.keys());
    if (next < newest) {
      throw new RangeError(
        `shard ${shard}: expected a checkpoint at or after offset ${newest}, got ${next}: another process writes here`,
      );
    }
    const { chunkBytes = 512 * 1024, generations = 3 } = this.options;
    const chunks = Math.ceil(bytes.length / chunkBytes);
    const manifest: Manifest = { next, chunks, bytes: bytes.length, crc32: crc32(bytes) };
    for (let i = 0; i < chunks; i++) {
      const value = bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes);
      await this.table.write(shard, [{ key: partKey(shard, next, i), value }]);
    }
    await this.table.write(shard, [
      { key: partKey(shard, next, 'manifest'), value: Buffer.from(JSON.stringify(manifest)) },
    ]);
    known.set(next, chunks);
    this.#known.set(shard, known);
    for (const old of [...known.keys()].sort((a, b) => a - b).slice(0, -generations)) {
      await this.#delete(shard, old, known);
    }
  }

  async #delete(shard: string, old: number, known: Map<number, number>): Promise<void> {
    const parts = Array.from({ length: known.get(old) ?? 0 }, (_, i) => partKey(shard, old, i));
    // The manifest first: without it the chunks are nothing.
    const keys = [partKey(shard, old, 'manifest'), ...parts];
    await this.table.write(
      shard,
      keys.map((key) => ({ key, value: null })),
    );
    known.delete(old);
  }
}

function assemble(shard: string, manifest: Manifest, records: ReadonlyMap<string, Uint8Array>): Checkpoint {
  const { next, chunks, bytes, crc32: expected } = manifest;
  const parts = Array.from({ length: chunks }, (_, i) => records.get(partKey(shard, next, i)));
  const missing = parts.indexOf(undefined);
  if (missing >= 0) throw new DamagedCheckpoint(`${shard} at ${next}: chunk ${missing} of ${chunks} is missing`);
  const whole = Buffer.concat(parts as Uint8Array[]);
  if (whole.length !== bytes || crc32(whole) !== expected) {
    throw new DamagedCheckpoint(
      `${shard} at ${next}: expected ${bytes} bytes with their checksum, found ${whole.length}`,
    );
  }
  // In memory of its own and aligned, as the tables become views of it.
  const checkpoint = unframe(Uint8Array.from(whole));
  if (checkpoint.shard !== shard || checkpoint.next !== next) {
    throw new DamagedCheckpoint(`${shard} at ${next}: found ${checkpoint.shard} at ${checkpoint.next}`);
  }
  return checkpoint;
}
