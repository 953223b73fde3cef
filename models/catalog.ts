import { lastValue } from './last-value.js';
import type { MemoryOptions, Model } from './model.js';

/** Every memory by the name that pipelines use. */
export const memories = {
  'last-value': lastValue,
} satisfies Record<string, (options: MemoryOptions) => unknown>;

export type MemoryName = keyof typeof memories;

/** The model of a name. */
export function memoryOf(name: MemoryName, options: MemoryOptions): Model {
  return memories[name](options) as unknown as Model;
}
