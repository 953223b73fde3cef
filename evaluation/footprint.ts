import { type MemoryName, memoryOf } from '../models/catalog.js';
import { remember } from '../operators/remember.js';
import { Lane } from '../pipelines/lane.js';
import { encode } from '../state/arrow.js';
import { rowBytes } from '../state/layout.js';
import type { Stream } from './stream.js';

/** What one key of a memory takes. */
export interface Footprint {
  /** In memory, for all channels of the key. */
  readonly stateBytes: number;
  /** In a checkpoint, where pages are Arrow streams. */
  readonly checkpointBytes: number;
}

/** What a memory takes for each key of a stream: the difference that a second key makes. */
export function footprint(
  memory: MemoryName,
  { channels, horizons }: Pick<Stream, 'channels' | 'horizons'>,
): Footprint {
  const all = [...new Set([1, ...horizons])].sort((a, b) => a - b);
  const { keyed } = memoryOf(memory, { channels: channels.length, horizons: all });
  const saved = (keys: number): number => {
    const lane = new Lane([remember({ memory, horizons: all })], { name: 'footprint', channels });
    const values = channels.map(() => 1);
    const rows = Array.from({ length: keys }, (_, offset) => ({ key: `key-${offset}`, timeMs: 0, values, offset }));
    lane.push({ shard: 'footprint', rows, rejects: [], next: keys });
    const bytes = encode(lane.save().remember.rows).length;
    lane.close();
    return bytes;
  };
  return { stateBytes: rowBytes(keyed), checkpointBytes: saved(2) - saved(1) };
}
