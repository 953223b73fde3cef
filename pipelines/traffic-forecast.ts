import type { PipelineSpec } from './stages.js';

/** For road traffic in five-minute counts: 15, 30, 45 and 60 minutes ahead. */
export const trafficForecast = {
  name: 'traffic-forecast',
  about: 'road traffic on a five-minute grid: forecasts 15, 30, 45 and 60 minutes ahead with bands, and anomalies',
  stages: [
    { reorder: { latenessMs: 600_000 } },
    { silence: {} },
    { align: { stepMs: 300_000, collide: 'mean' } },
    { normalize: {} },
    { seasons: {} },
    { remember: { memory: 'default', horizons: [3, 6, 9, 12] } },
    { interval: {} },
    { detect: {} },
    { episode: {} },
    { together: {} },
    { evaluate: {} },
    { 'drop-filled': {} },
  ],
} satisfies PipelineSpec;
