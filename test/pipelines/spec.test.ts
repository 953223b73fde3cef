import { describe, expect, expectTypeOf, test } from 'vitest';
import { Lane } from '../../pipelines/lane.js';
import { identityOf } from '../../pipelines/pipeline.js';
import { shipped } from '../../pipelines/shipped.js';
import { parseSpec, pipelineOf } from '../../pipelines/spec.js';
import { SpecError } from '../../pipelines/spec-error.js';
import { type PipelineSpec, type StageSpec, stageNames } from '../../pipelines/stages.js';

const remember = { remember: { memory: 'last-value', horizons: [1] } };
const good = { name: 'mine', stages: [{ normalize: {} }, remember, { interval: {} }, { detect: {} }] };
const withStages = (...stages: unknown[]) => ({ name: 'mine', stages });

const side = (name: string, ...stages: unknown[]) => ({ name, stages });
const contested = (champion: object, challenger: object, more: object = {}) =>
  withStages({ challenge: { champion, challenger, ...more } });
const whole = [remember, { interval: {} }, { detect: {} }];

describe('what an HTM sees, as JSON', () => {
  const htm = (more: object) =>
    withStages({ remember: { memory: 'htm-small', horizons: [1], ...more } }, { interval: {} }, { detect: {} });
  const encoders = [
    { encode: 'scalar', of: 'speed', fineness: 8 },
    { encode: 'delta', of: 'speed' },
    { encode: 'time-of-day' },
    { encode: 'category', of: 'state' },
    { encode: 'place', of: ['lat', 'lon'], cellDegrees: 0.01 },
  ];
  test('every encoder and a limit of words becomes a pipeline at work', () => {
    const { stages } = pipelineOf(parseSpec(htm({ encoders, words: { limit: 50, whenFull: 'other' } })));
    const shard = { name: 's', channels: ['speed', 'lat', 'lon', 'state'], categories: ['state'] };
    const lane = new Lane(stages, shard);
    const rows = Array.from({ length: 30 }, (_, i) => ({
      ...{ key: 'k', timeMs: i * 3_600_000, offset: i, values: [i % 5, 48 + i / 100, 11, Number.NaN] },
      words: [undefined, undefined, undefined, i % 2 === 0 ? 'a' : 'b'],
    }));
    const made = lane.push({ shard: 's', rows, rejects: [], next: 30 }).rows as { next: { words: unknown[] }[] }[];
    lane.close();
    expect(made.length).toBe(30);
    expect(made[29].next[0].words[0]).toMatchObject({ word: 'a' });
  });
  test.each([
    [htm({ encoders: [{ encode: 'scaler', of: 'a' }] }), /encoders/],
    [htm({ encoders: [] }), /encoders/],
    [htm({ words: { whenFull: 'burst' } }), /words.whenFull/],
  ])('%j is refused', (spec, expected) => expect(() => parseSpec(spec)).toThrow(expected));
  test('memories of numbers take neither', () =>
    expect(() => pipelineOf(parseSpec(htm({ memory: 'knn', encoders })))).toThrow(
      'remember.encoders: expected a memory of patterns (htm, htm-small, default-htm), got knn',
    ));
  test('a channel that there is not is told when the shard is known', () => {
    const { stages } = pipelineOf(parseSpec(htm({ encoders: [{ encode: 'scalar', of: 'sped' }] })));
    expect(() => new Lane(stages, { name: 's', channels: ['speed'] })).toThrow(
      /^remember.encoders\[0\]: expected a channel \("speed"\), got "sped"/,
    );
  });
});

describe('a challenge as JSON', () => {
  test('stands for what both of its sides make', () => {
    const spec = contested(side('a', ...whole), side('b', ...whole), { swaps: [{ at: 7, to: 'challenger' }] });
    const stages = [...spec.stages, { episode: {} }, { evaluate: {} }];
    expect(pipelineOf(parseSpec({ ...spec, stages })).stages.map(({ id }) => id)).toEqual([
      'challenge',
      'episode',
      'evaluate',
    ]);
  });
  test('its swaps are no part of what a checkpoint must agree with, its sides are', () => {
    const of = (more: object, name = 'b') =>
      identityOf(pipelineOf(parseSpec(contested(side('a', ...whole), side(name, ...whole), more))), ['x']);
    expect(of({ swaps: [{ at: 7, to: 'challenger' }] })).toBe(of({}));
    expect(of({}, 'c')).not.toBe(of({}));
    expect(of({ automatic: { alpha: 0.01 } })).not.toBe(of({}));
  });
  test.each([
    ['no challenger', withStages({ challenge: { champion: side('a', ...whole) } }), 'challenge.challenger: expected'],
    [
      'a side without bands',
      contested(side('a', ...whole), side('b', remember, { detect: {} })),
      'stages[0].challenge.challenger.stages[1].detect: expected a step interval before it, which makes what it reads',
    ],
    [
      'sides without alarms',
      contested(side('a', remember, { interval: {} }), side('b', remember, { interval: {} })),
      'stages[0].challenge: expected a step detect or htm-detect in both sides or before it',
    ],
    [
      'a step that holds rows back',
      contested(side('a', { reorder: {} }, ...whole), side('b', ...whole)),
      'stages[0].challenge.champion.stages[0]: expected one of normalize, seasons, remember, interval, detect, htm-detect, got "reorder"',
    ],
    [
      'a misspelt step',
      contested(side('a', ...whole), side('b', { remembr: {} })),
      'stages[0].challenge.challenger.stages[0]: expected one of',
    ],
    [
      'a swap to nobody',
      contested(side('a', ...whole), side('b', ...whole), { swaps: [{ at: 7, to: 'me' }] }),
      'stages[0].challenge.swaps[0].to: expected one of',
    ],
  ])('%s', (_, spec, message) => expect(() => parseSpec(spec)).toThrow(message));
  test('what only the operator knows, with its place', () =>
    expect(() =>
      pipelineOf(
        parseSpec(contested(side('a', ...whole), side('b', ...whole), { swaps: [{ at: 7, to: 'champion' }] })),
      ),
    ).toThrow('mine: stages[0].challenge.swaps: expected the one who is not in charge at offset 7'));
});

describe('a pipeline as JSON', () => {
  test('carries its budget', () =>
    expect(pipelineOf(parseSpec({ ...good, budget: { keyBytes: 1e6 } })).budget).toEqual({ keyBytes: 1e6 }));
  test('is what it was written as', () => expect(parseSpec(good)).toEqual(good));
  test('becomes steps in order', () =>
    expect(pipelineOf(parseSpec(good)).stages.map(({ id }) => id)).toEqual([
      'normalize',
      'remember',
      'interval',
      'detect',
    ]));

  test.each([
    ['nothing', undefined, 'expected an object, it is missing'],
    ['a text', 'sensor-anomaly', 'expected an object, got "sensor-anomaly"'],
    ['no name', { stages: good.stages }, 'name: expected a text, it is missing'],
    [
      'a misspelt field',
      { ...good, stage: [] },
      'stage: expected one of name, about, budget, stages, alerts, got "stage" (did you mean "stages"?)',
    ],
    ['no stages', { name: 'x', stages: [] }, 'stages: expected a list of at least 1, got []'],
    [
      'a stage that is a text',
      withStages('normalize'),
      'stages[0]: expected one step with its options, such as {"normalize": {}}, got "normalize"',
    ],
    [
      'two steps in one',
      withStages({ normalize: {}, seasons: {} }),
      'stages[0]: expected one step with its options, such as {"normalize": {}}, got {"normalize":{},"seasons":{}}',
    ],
    [
      'an unknown step',
      withStages({ normalise: {} }),
      `stages[0]: expected one of ${stageNames.join(', ')}, got "normalise" (did you mean "normalize"?)`,
    ],
    ['options that are a number', withStages({ normalize: 3 }), 'stages[0].normalize: expected an object, got 3'],
    [
      'a misspelt option',
      withStages({ normalize: { memoryrows: 5 } }),
      'stages[0].normalize.memoryrows: expected one of memoryRows, keys, got "memoryrows" (did you mean "memoryRows"?)',
    ],
    [
      'a text for a number',
      withStages({ normalize: { memoryRows: 'many' } }),
      'stages[0].normalize.memoryRows: expected a number, got "many"',
    ],
    [
      'a number too small for the operator',
      withStages({ normalize: { memoryRows: 2 } }, ...good.stages.slice(1)),
      'stages[0].normalize.memoryRows: expected a number of at least 32 and at most 1000000000, got 2',
    ],
    [
      'an unknown memory',
      withStages({ remember: { memory: 'defualt', horizons: [1] } }),
      /^stages\[0\]\.remember\.memory: expected one of .*, got "defualt" \(did you mean "default"\?\)$/,
    ],
    [
      'a budget of nothing',
      { ...good, budget: { keyBytes: 0 } },
      'budget.keyBytes: expected a number of at least 1, got 0',
    ],
    [
      'weights shared by what has none',
      withStages({ remember: { memory: 'rls', horizons: [1], weights: 'shared' } }, { interval: {} }, { detect: {} }),
      'stages[0].remember.weights: expected a memory that is a net (lstm, mingru, minlstm, ssm) for shared weights, got rls',
    ],
    [
      'a horizon that is none',
      withStages({ remember: { memory: 'rls', horizons: [1, 'x'] } }),
      'stages[0].remember.horizons[1]: expected a number, got "x"',
    ],
    [
      'a horizon of zero',
      withStages({ remember: { memory: 'rls', horizons: [0] } }),
      'stages[0].remember.horizons[0]: expected a number of at least 1, got 0',
    ],
    [
      'no horizons',
      withStages({ remember: { memory: 'rls', horizons: [] } }),
      'stages[0].remember.horizons: expected a list of at least 1, got []',
    ],
    [
      'a missing option',
      withStages({ remember: { horizons: [1] } }),
      /^stages\[0\]\.remember\.memory: expected one of .*, got undefined|it is missing$/,
    ],
    [
      'a wrong period of alarms',
      withStages(
        { normalize: {} },
        remember,
        { interval: {} },
        { detect: { budget: { alarms: 1, per: 'kye', every: '7d' } } },
      ),
      'stages[3].detect.budget.per: expected one of key, all, got "kye" (did you mean "key"?)',
    ],
    [
      'a kind of evidence',
      withStages({ normalize: {} }, remember, { interval: {} }, { detect: { evidence: 'conform' } }),
      'stages[3].detect.evidence: expected one of surprise, all, conformal, got "conform" (did you mean "conformal"?)',
    ],
    [
      'a budget that the evidence cannot keep',
      withStages(remember, { interval: {} }, { detect: { evidence: 'conformal', budget: { falseDiscoveries: 0.1 } } }),
      /^stages\[2\]\.detect\.budget: expected \{ alarms, per, every \} .*got falseDiscoveries/,
    ],
    [
      'a step of the grid that is no number',
      withStages({ align: { stepMs: 'five minutes' } }),
      'stages[0].align.stepMs: expected auto or a number, got "five minutes"',
    ],
    [
      'a limit of keys',
      withStages({ normalize: { keys: { limit: 0, whenFull: 'reject' } } }),
      'stages[0].normalize.keys.limit: expected a number of at least 1, got 0',
    ],
    [
      'a policy for keys',
      withStages({ normalize: { keys: { limit: 5, whenFull: 'drop' } } }),
      'stages[0].normalize.keys.whenFull: expected one of reject, evict, got "drop"',
    ],
    [
      'a step twice',
      withStages({ normalize: {} }, { normalize: {} }),
      'stages[1].normalize: expected every step once, it is also stages[0]',
    ],
    [
      'a step before what it needs',
      withStages({ interval: {} }, remember),
      'stages[0].interval: expected a step remember before it, which makes what it reads',
    ],
    [
      'no scores',
      withStages(remember, { interval: {} }),
      'stages: expected a step detect or htm-detect: without it there is nothing to write',
    ],
  ])('%s is told', (_, value, message) => {
    const told = (): string => {
      try {
        pipelineOf(parseSpec(value, 'mine.json'));
      } catch (error) {
        expect(error).toBeInstanceOf(SpecError);
        return (error as Error).message.replace(/^mine(\.json)?: /, '');
      }
      return 'nothing';
    };
    if (typeof message === 'string') expect(told()).toBe(message);
    else expect(told()).toMatch(message);
  });

  test.each([{}, { fill: 'missing' }, { fill: 0 }, { fill: 'previous', maxGapRows: 3 }])(
    'align that fills (%j) is refused without drop-filled after it',
    (align) => {
      const filling = withStages({ align }, ...good.stages);
      expect(() => parseSpec(filling)).toThrow(
        'pipeline: stages[0].align: expected a step drop-filled after it: rows that it fills in have the offset of the ' +
          'row that showed the gap, so the ids (shard@offset) of results would not be unique. Add {"drop-filled": {}} as ' +
          'the last step, or set align.fill to "none"',
      );
      expect(() => parseSpec(withStages({ 'drop-filled': {} }, { align }, ...good.stages))).toThrow(
        'drop-filled after',
      );
      expect(() => parseSpec(withStages({ align }, ...good.stages, { 'drop-filled': {} }))).not.toThrow();
    },
  );
  test.each([{ fill: 'none' }, { maxGapRows: 0 }])('align that fills nothing (%j) needs none', (align) =>
    expect(() => parseSpec(withStages({ align }, ...good.stages))).not.toThrow(),
  );

  test('the prototype of objects cannot be reached', () => {
    for (const text of [
      '{"__proto__": {"polluted": 1}, "name": "x", "stages": []}',
      '{"name": "x", "stages": [{"__proto__": {"polluted": 1}}]}',
      '{"name": "x", "stages": [{"constructor": {}}]}',
      '{"name": "x", "stages": [{"normalize": {"__proto__": {"memoryRows": 64}}}]}',
      '{"name": "x", "stages": [{"toString": {}}]}',
    ]) {
      expect(() => parseSpec(JSON.parse(text))).toThrow(SpecError);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('scores go by the name of the memory, unless they were given another', () => {
    const evaluated = (options: object) => {
      const spec = parseSpec(withStages(...good.stages, { evaluate: options }));
      return pipelineOf(spec).stages.at(-1)?.settings;
    };
    expect(evaluated({})).toMatchObject({ memory: 'last-value' });
    expect(evaluated({ memory: 'mine' })).toMatchObject({ memory: 'mine' });
  });

  test('types know the steps and their options', () => {
    expectTypeOf<{ remember: { memory: 'rls'; horizons: number[] } }>().toExtend<StageSpec>();
    expectTypeOf<{ remember: { memory: 'rsl'; horizons: number[] } }>().not.toExtend<StageSpec>();
    expectTypeOf<{ rember: object }>().not.toExtend<StageSpec>();
  });
});

describe('the shipped pipelines', () => {
  test.each(Object.entries(shipped))('%s is valid, and all its settings are', (name, spec: PipelineSpec) => {
    expect(spec.name).toBe(name);
    const made = pipelineOf(parseSpec(JSON.parse(JSON.stringify(spec))));
    // What a step says it was built with builds the same step.
    const written = { name, stages: made.stages.map(({ id, settings }) => ({ [id]: settings })) };
    const again = pipelineOf(parseSpec(JSON.parse(JSON.stringify(written))));
    expect(identityOf(again, ['value'])).toBe(identityOf(made, ['value']));
  });
});
