import type { PipelineSpec } from './stages.js';

/** For sensors and counters of any kind: forecasts with bands, and the anomalies against them. Nothing to tune. */
export const sensorAnomaly = {
  name: 'sensor-anomaly',
  about: 'sensors and counters of any kind: forecasts with bands, and anomalies; nothing to tune',
  stages: [
    { reorder: {} },
    { normalize: {} },
    { seasons: {} },
    { remember: { memory: 'default', horizons: [1, 5, 48] } },
    { interval: {} },
    { detect: { evidence: 'all' } },
    { episode: {} },
    { silence: {} },
    { together: {} },
    { evaluate: {} },
  ],
} satisfies PipelineSpec;
