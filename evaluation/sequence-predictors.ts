import { type CodeOptions, codeDefaults, codeMemory } from '../models/codes.js';
import { Slab } from '../state/slab.js';
import { sequenceCodes, uniform } from './sequence-log.js';
import type { SequencePredictor } from './sequence-score.js';
import { suffixMatch } from './suffix-match.js';

/** A predictor at work, with what the benchmark does to it. */
export interface SequenceSubject extends SequencePredictor {
  /** This share of its cells dies, by chance from the seed; absent where there are no cells. */
  damage?(share: number, seed: number): void;
  close(): void;
}

/** The HTM sequence memory, one configuration for all variants. */
export function htmSubject(seed: number, options: Partial<CodeOptions> = {}): SequenceSubject {
  const model = codeMemory({ ...codeDefaults, codes: sequenceCodes, ...options });
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own, seed);
  const known = new Set<number>();
  return {
    next(code, most, learn) {
      known.add(code);
      model.step(own, code, learn);
      return most > 0 ? model.next(own, [...known], most) : [];
    },
    damage(share, chanceSeed) {
      const random = uniform(chanceSeed ^ 0x5eed);
      const cells = codeDefaults.columns * codeDefaults.cells;
      for (let cell = 0; cell < cells; cell++) if (random() < share) model.memory.kill(own.temporal, cell);
    },
    close: () => slab.free(),
  };
}

/** Who may be put to the sequence benchmark, by name. */
export const sequenceSubjects: Readonly<Record<string, (seed: number) => SequenceSubject>> = {
  htm: (seed) => htmSubject(seed),
  'suffix-match': () => ({ ...suffixMatch(), close() {} }),
};
