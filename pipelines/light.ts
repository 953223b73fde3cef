import type { PipelineSpec } from './stages.js';

/** For many events a second on little memory: the last value is the forecast; bands and alarms are as elsewhere. */
export const light = {
  name: 'light',
  about: 'many events a second, little memory: the last value is the forecast; bands and alarms one row ahead',
  stages: [
    { reorder: {} },
    { normalize: {} },
    { remember: { memory: 'last-value', horizons: [1] } },
    { interval: {} },
    { detect: {} },
    { episode: {} },
  ],
} satisfies PipelineSpec;
