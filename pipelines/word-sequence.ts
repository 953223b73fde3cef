import type { PipelineSpec } from './stages.js';

/** For words instead of numbers, and numbers beside them: what comes next, and what should not have come. */
export const wordSequence = {
  name: 'word-sequence',
  about: 'states, log templates, routes (--category): which word comes next, and which should not have come',
  stages: [
    { reorder: {} },
    { normalize: {} },
    { remember: { memory: 'htm', horizons: [1] } },
    { interval: {} },
    { detect: {} },
    { episode: {} },
  ],
} satisfies PipelineSpec;
