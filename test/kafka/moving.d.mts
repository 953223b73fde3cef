import type { Event } from '../../event.js';
import type { keyed, Stage } from '../../operators/stage.js';
import type { f64 } from '../../state/layout.js';

export interface Moved extends Event {
  readonly count: number;
  readonly average: number;
  readonly chain: number;
}
export declare const movingOf: (parts: {
  keyed: typeof keyed;
  f64: typeof f64;
}) => (most?: number) => Stage<Event, Moved>;
export declare const encodeMoved: (shard: string) => (row: Moved) => string;
