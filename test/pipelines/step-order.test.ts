import { describe, expect, test } from 'vitest';
import { Lane } from '../../pipelines/lane.js';
import { parseSpec, pipelineOf } from '../../pipelines/spec.js';
import type { PipelineSpec } from '../../pipelines/stages.js';
import { wrongOrder } from '../../pipelines/step-order.js';

const remember = { remember: { memory: 'last-value', horizons: [1] } };
const whole = [remember, { interval: {} }, { detect: {} }];
const withStages = (...stages: unknown[]) => ({ name: 'mine', stages });
const side = (name: string, ...stages: unknown[]) => ({ name, stages });
const contested = (champion: object, challenger: object) => withStages({ challenge: { champion, challenger } });

test('says nothing of an order that will do', () => {
  expect(wrongOrder(withStages(...whole, { episode: {} }) as PipelineSpec)).toBeUndefined();
  expect(wrongOrder(withStages(whole[0]) as PipelineSpec)).toBe(
    'stages: expected a step interval: without it there is nothing to write',
  );
});

describe('the other detector', () => {
  const judged = [remember, { interval: {} }, { 'htm-detect': { warmupRows: 200, learnRows: 100 } }];
  test('stands in the place of detect', () =>
    expect(pipelineOf(parseSpec(withStages(...judged, { episode: {} }))).stages.map(({ id }) => id)).toEqual([
      'remember',
      'interval',
      'htm-detect',
      'episode',
    ]));
  test('may be one side of a challenge, or what both are judged by', () => {
    parseSpec(contested(side('a', ...whole), side('b', ...judged)));
    parseSpec(contested(side('a', ...judged), side('b', ...judged)));
  });
  test.each([
    [
      withStages(...whole, { 'htm-detect': {} }),
      'stages[3].htm-detect: expected one step that judges rows (detect or htm-detect), there is one before it: leave out one',
    ],
    [withStages({ 'htm-detect': {} }, ...whole), 'stages[3].detect: expected one step that judges rows'],
    [
      contested(side('a', ...whole), side('b', ...judged, { detect: {} })),
      'stages[0].challenge.challenger.stages[3].detect: expected one step that judges rows',
    ],
    [
      {
        ...contested(side('a', ...whole), side('b', ...judged)),
        stages: [{ 'htm-detect': {} }, ...contested(side('a', ...whole), side('b', ...judged)).stages],
      },
      'stages[1].challenge.champion.stages[2].detect: expected one step that judges rows',
    ],
    [
      {
        ...contested(side('a', ...whole), side('b', ...judged)),
        stages: [...contested(side('a', ...whole), side('b', ...judged)).stages, { 'htm-detect': {} }],
      },
      'stages[1].htm-detect: expected one step that judges rows',
    ],
    [withStages({ 'htm-detect': {} }), 'stages: expected a step remember: without it there is nothing to write'],
    [
      withStages({ 'htm-detect': {} }, { episode: {} }),
      'stages[1].episode: expected a step interval before it, which makes what it reads',
    ],
    [
      withStages(remember, { interval: {} }, { episode: {} }),
      'stages[2].episode: expected a step detect or htm-detect before it, which makes what it reads',
    ],
    [withStages(remember, { interval: {} }, { 'htm-detect': { budget: {} } }), 'htm-detect'],
  ])('%j is refused', (spec, message) => expect(() => parseSpec(spec)).toThrow(message));
  test('words are not for it', () => {
    const { stages } = pipelineOf(
      parseSpec(withStages({ ...remember, remember: { memory: 'htm-small', horizons: [1] } }, ...judged.slice(1))),
    );
    expect(() => new Lane(stages, { name: 's', channels: ['state'], categories: ['state'] })).toThrow(
      'htm-detect: expected channels of numbers, state are of words, which it does not see',
    );
  });
});
