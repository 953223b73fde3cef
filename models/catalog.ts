import { companion } from './companion.js';
import { echoState } from './echo-state.js';
import { elm } from './elm.js';
import { errorMemory } from './error-memory.js';
import { htm, htmSmall } from './htm.js';
import { knn } from './knn.js';
import { lastValue } from './last-value.js';
import { legendre } from './legendre.js';
import { linear } from './linear.js';
import { ssm } from './lru.js';
import { lstm } from './lstm.js';
import { minGru, minLstm } from './min-cells.js';
import { mixture } from './mixture.js';
import { mixtureHtm } from './mixture-htm.js';
import type { MemoryOptions, Model } from './model.js';
import { resonator } from './resonator.js';
import { rls } from './rls.js';
import { s4d } from './s4d.js';
import { sarimax } from './sarimax.js';
import { seasonalNaive } from './seasonal-naive.js';
import { seasonalRls } from './seasonal-rls.js';

/** Every memory by the name that pipelines use. */
export const memories = {
  default: mixture,
  'default-htm': mixtureHtm,
  'last-value': lastValue,
  'seasonal-naive': seasonalNaive,
  rls,
  'seasonal-rls': seasonalRls,
  resonator,
  linear,
  sarimax,
  companion,
  legendre,
  'echo-state': echoState,
  elm,
  s4d,
  knn,
  'error-memory': errorMemory,
  htm,
  'htm-small': htmSmall,
  lstm,
  mingru: minGru,
  minlstm: minLstm,
  ssm,
} satisfies Record<string, (options: MemoryOptions) => unknown>;

export type MemoryName = keyof typeof memories;

/** Memories of patterns: words are for them, and the head `classifier`. */
export const patternNames: readonly MemoryName[] = ['htm', 'htm-small'];

/** Memories with an HTM in them, which encoders are for. */
export const withHtm: readonly MemoryName[] = [...patternNames, 'default-htm'];

/** Memories to which periods say nothing: all others lack what they live by where no step `seasons` stands before them. */
export const withoutPeriods: readonly MemoryName[] = ['last-value', 'rls', 'companion', 'knn'];

/** The model of a name. */
export function memoryOf(name: MemoryName, options: MemoryOptions): Model {
  return memories[name](options) as unknown as Model;
}
