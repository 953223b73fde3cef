import { describe, expect, test } from 'vitest';
import { challengeSpec } from '../../pipelines/challenge-spec.js';
import { light } from '../../pipelines/light.js';
import { sensorAnomaly } from '../../pipelines/sensor-anomaly.js';
import { parseSpec, pipelineOf } from '../../pipelines/spec.js';
import type { PipelineSpec } from '../../pipelines/stages.js';
import { trafficForecast } from '../../pipelines/traffic-forecast.js';

const withMemory = (spec: PipelineSpec, memory: 'lstm'): PipelineSpec => ({
  ...spec,
  stages: spec.stages.map((stage) => ('remember' in stage ? { remember: { ...stage.remember, memory } } : stage)),
});
const names = (list: readonly object[]) => list.map((stage) => Object.keys(stage)[0]);

describe('two pipelines as one challenge', () => {
  test('what both have in common at the start is done once, what is behind is the champion’s', () => {
    const spec = challengeSpec(sensorAnomaly, withMemory(sensorAnomaly, 'lstm'));
    expect(names(spec.stages)).toEqual([
      'reorder',
      'normalize',
      'seasons',
      'challenge',
      'episode',
      'silence',
      'together',
      'evaluate',
    ]);
    const { challenge } = spec.stages[3] as unknown as { challenge: Record<string, { stages: object[] }> };
    expect(names(challenge.champion.stages)).toEqual(['remember', 'interval', 'detect']);
    expect(challenge.challenger.stages[0]).toEqual({ remember: { memory: 'lstm', horizons: [1, 5, 48] } });
    expect(pipelineOf(parseSpec(spec)).stages.map(({ id }) => id)).toEqual(names(spec.stages));
  });
  test('the two may have other steps', () => {
    const { stages } = challengeSpec({ ...light, stages: light.stages }, { ...sensorAnomaly, name: 'rich' });
    expect(names(stages)).toEqual(['reorder', 'normalize', 'challenge', 'episode']);
  });
  test('the same twice, and grids that differ, are refused', () => {
    expect(() => challengeSpec(light, light)).toThrow('compare: expected two configurations that differ, got the same');
    expect(() => challengeSpec(light, trafficForecast)).toThrow(
      'compare: expected the first difference in one of normalize, seasons, remember, interval, detect, htm-detect, got reorder in light',
    );
  });
});
