import { htm } from './htm.js';
import { mixtureOf } from './mixture.js';
import type { MemoryOptions, Model } from './model.js';

/**
 * The default mixture with an HTM of all channels as its twenty-fourth member, which each horizon of each channel trusts as
 * far as it has served it. For streams whose course hangs on sequences that no season and no window shows; elsewhere it
 * costs ten times the bytes and tells what the others tell (docs/MODELS.md has the figures).
 */
export function mixtureHtm(options: MemoryOptions) {
  return mixtureOf('default-htm', 2, options, htm(options) as unknown as Model);
}
