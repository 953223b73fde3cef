import { htmShape } from '../models/htm.js';
import type { WordPrediction } from '../models/model.js';
import { wordMemory } from '../models/word-memory.js';
import { wordLimitDefault } from '../models/words.js';
import type { Row } from '../state/layout.js';
import { Slab } from '../state/slab.js';
import { uniform } from './sequence-log.js';
import type { SequencePredictor } from './sequence-score.js';
import { suffixMatch } from './suffix-match.js';

/** A predictor at work, with what the benchmark does to it. */
export interface SequenceSubject extends SequencePredictor {
  /** This share of its cells dies, by chance from the seed; absent where there are no cells. */
  damage?(share: number, seed: number): void;
  close(): void;
}

/** What the memory `htm` makes of a channel of words, of its own size; words are the codes in decimal. */
export function htmSubject(seed: number): SequenceSubject {
  const { temporal, winners } = htmShape;
  const model = wordMemory({ temporal, winners, channels: [0], words: wordLimitDefault, seed });
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own);
  return {
    next(code, most, learn) {
      const said: WordPrediction[] = [];
      model.step(own, [String(code)], said, learn);
      return said[0].next.slice(0, most).map(({ word }) => Number(word));
    },
    damage(share, chanceSeed) {
      const random = uniform(chanceSeed ^ 0x5eed);
      const cells = temporal.columns * temporal.cells;
      for (let cell = 0; cell < cells; cell++)
        if (random() < share) model.memory.kill(own.temporal as Row<typeof model.memory.layout>, cell);
    },
    close: () => slab.free(),
  };
}

/** Who may be put to the sequence benchmark, by name. */
export const sequenceSubjects: Readonly<Record<string, (seed: number) => SequenceSubject>> = {
  htm: (seed) => htmSubject(seed),
  'suffix-match': () => ({ ...suffixMatch(), close() {} }),
};
