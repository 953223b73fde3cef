import { describe, expect, test } from 'vitest';
import { needs, type StageOptions, stageNames, stages } from '../../pipelines/stages.js';

const side = (memory: 'last-value' | 'rls') => ({
  name: memory,
  stages: [{ remember: { memory, horizons: [1] } }, { interval: {} }, { detect: {} }],
});

describe('the catalog of steps', () => {
  test('a step is called what checkpoints call it', () => {
    const options: { readonly [N in keyof typeof stages]?: StageOptions<N> } = {
      remember: { memory: 'last-value', horizons: [1] },
      challenge: { champion: side('last-value'), challenger: side('rls') },
    };
    for (const name of stageNames) {
      const make = stages[name] as (given: object) => { id: string };
      expect(make(options[name] ?? {}).id).toBe(name);
    }
  });
  test('what a step needs is a step', () => {
    for (const [name, before] of Object.entries(needs)) {
      expect([name, ...(before ?? [])].filter((step) => !stageNames.includes(step as never))).toEqual([]);
    }
  });
});
