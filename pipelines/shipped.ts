import { light } from './light.js';
import { sensorAnomaly } from './sensor-anomaly.js';
import type { PipelineSpec } from './stages.js';
import { trafficForecast } from './traffic-forecast.js';
import { wordSequence } from './word-sequence.js';

/** The pipelines that come with Engram, by name. */
export const shipped: Readonly<Record<string, PipelineSpec>> = {
  [sensorAnomaly.name]: sensorAnomaly,
  [trafficForecast.name]: trafficForecast,
  [light.name]: light,
  [wordSequence.name]: wordSequence,
};
