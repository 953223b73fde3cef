import { type Bundle, slabTable } from '../../state/arrow.js';
import type { Checkpoint } from '../../state/checkpoint.js';
import { Keys } from '../../state/keys.js';
import { f32, f64, i32, type Layout, u8, u32 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';

/** Every scalar type, alone and in lists, and parts within parts. */
export const sampleLayout = {
  mean: f64(),
  weights: f64(3),
  seen: u32(),
  part: { level: f32(2), inner: { sign: i32(), codes: u8(5) } },
};

export const owner = { id: 'remember', version: 'sample 1' };

/** A generator whose whole state is one number: the same seed, the same numbers below 2³². */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Rows with a key each, every byte of their fields drawn from the seed: so NaN of all kinds, infinities and −0 occur. */
export function filled<L extends Layout>(layout: L, names: readonly string[], seed = 1): { slab: Slab<L>; keys: Keys } {
  const slab = new Slab(layout);
  const keys = new Keys({ limit: Math.max(1, names.length), whenFull: 'evict' });
  const next = numbersFrom(seed);
  for (const name of names) {
    keys.admit(name);
    fill(slab.row(slab.add()), next);
  }
  return { slab, keys };
}

function fill(row: object, next: () => number): void {
  for (const part of Object.values(row)) {
    if (!ArrayBuffer.isView(part)) {
      fill(part as object, next);
      continue;
    }
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = next();
  }
}

/** The bytes of all fields of a row, as text. */
export function bytesOfRow(row: object): string {
  return Object.entries(row)
    .map(([name, part]) =>
      ArrayBuffer.isView(part)
        ? `${name}=${Buffer.from(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength).toString('hex')}`
        : `${name}{${bytesOfRow(part as object)}}`,
    )
    .join(' ');
}

/** The two tables of a step with these keys. */
export function sampleBundle(names: readonly string[], seed = 1): Bundle {
  const { slab, keys } = filled(sampleLayout, names, seed);
  const shared = filled({ total: f64() }, ['one'], seed).slab;
  return { rows: slabTable(slab, keys, owner), shared: slabTable(shared, undefined, owner) };
}

export function sampleCheckpoint(changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    shard: 'log-0',
    next: 100,
    ended: false,
    pipeline: '{"name":"sample"}',
    stages: { remember: sampleBundle(['a', 'b', 'c']), detect: sampleBundle(['a', 'b']) },
    sinks: { 'out/a.ndjson': 12, 'out/b.arrow': 0 },
    ...changes,
  };
}
