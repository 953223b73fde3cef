import { expect, expectTypeOf, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { identityOf, type Pipeline, pipeline } from '../../pipelines/pipeline.js';

const memory = remember({ memory: 'last-value', horizons: [1] });

test('the compiler knows what comes out of the last step', () => {
  const one = pipeline('x').through(memory);
  expectTypeOf(one).toExtend<Pipeline<Event & Remembered>>();
  // @ts-expect-error: a step that wants what no step before it makes does not fit
  const wants: Pipeline<{ alarm: boolean }> = one;
  expect(wants.stages).toHaveLength(1);
});

test('a step may stand in a pipeline once', () => {
  expect(() => pipeline('x').through(memory).through(memory)).toThrow(
    'pipeline x: expected every step once, got remember twice',
  );
});

test('the identity changes with the name, the channels, the steps and their settings', () => {
  const other = remember({ memory: 'last-value', horizons: [2] });
  const identities = [
    identityOf(pipeline('x').through(memory), ['a']),
    identityOf(pipeline('y').through(memory), ['a']),
    identityOf(pipeline('x').through(memory), ['b']),
    identityOf(pipeline('x'), ['a']),
    identityOf(pipeline('x').through(other), ['a']),
  ];
  expect(new Set(identities).size).toBe(identities.length);
});

test('a limit of keys may be raised without becoming another pipeline', () => {
  const roomy = remember({ memory: 'last-value', horizons: [1], keys: { limit: 50_000, whenFull: 'evict' } });
  expect(identityOf(pipeline('x').through(roomy), ['a'])).toBe(identityOf(pipeline('x').through(memory), ['a']));
});
