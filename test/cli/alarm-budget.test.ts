import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseAlarmBudget } from '../../cli/alarm-budget.js';
import type { Result } from '../../event.js';
import { light } from '../../pipelines/light.js';
import { loadPipeline } from '../../pipelines/load.js';
import { dailyCsv, engram, folder } from './command.js';

test.each([
  ['1/key/7d', { alarms: 1, per: 'key', every: '7d' }],
  ['50/all/1d', { alarms: 50, per: 'all', every: '1d' }],
  [' 0.5/key/12h ', { alarms: 0.5, per: 'key', every: '12h' }],
  ['1/key/2000rows', { alarms: 1, per: 'key', rows: 2000 }],
  ['.1/all/1 row', { alarms: 0.1, per: 'all', rows: 1 }],
  ['fdr:0.1', { falseDiscoveries: 0.1 }],
  ['fdr:.05', { falseDiscoveries: 0.05 }],
])('%s is a budget', (text, budget) => expect(parseAlarmBudget(text)).toEqual(budget));

test.each([
  '',
  '1',
  '1/key',
  '1/7d',
  'key/7d',
  '1/each/7d',
  '1/key/7',
  '1/key/7 days',
  '1/key/0d',
  '-1/key/7d',
  'fdr',
  'fdr:x',
  '0.1',
])('%j is told what the forms are', (text) => {
  expect(() => parseAlarmBudget(text)).toThrow(
    /^--budget: expected 1\/key\/7d .*, 50\/all\/1d .*, 1\/key\/2000rows, or fdr:0\.1 .*, got "/,
  );
});

test.each([
  ['0/key/7d', '--budget.alarms: expected'],
  ['1/key/5rows', '--budget.rows: expected a number of at least 10'],
  ['fdr:0.9', '--budget.falseDiscoveries: expected'],
])('%s is too much or too little', (text, message) => {
  expect(() => parseAlarmBudget(text)).toThrow(message);
  expect(() => parseAlarmBudget(text)).toThrow(text);
});

describe('--budget', () => {
  let here: string;
  const at = (name: string): string => join(here, name);
  const alarms = (name: string): number =>
    readFileSync(at(name), 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => (JSON.parse(line) as Result & { alarm: boolean }).alarm).length;
  const replayed = async (...more: string[]): Promise<number> => {
    const call = await engram([
      ...['replay', at('log.csv'), '--pipeline', 'light', '--quiet', '--out', at('out.ndjson')],
      ...more,
    ]);
    expect(call).toMatchObject({ code: 0, err: '' });
    return alarms('out.ndjson');
  };
  beforeEach(() => {
    here = folder();
    writeFileSync(at('log.csv'), dailyCsv(700, { spike: 500 }));
  });

  test('is what the pipeline written out with it does, and more of it tells more', async () => {
    const [few, many] = [await replayed('--budget', '1/key/2000rows'), await replayed('--budget', '1/key/20rows')];
    expect(await replayed()).toBe(few);
    expect(many).toBeGreaterThan(few);
    const stages = light.stages.map((stage) =>
      'detect' in stage ? { detect: { ...stage.detect, budget: { alarms: 1, per: 'key', rows: 20 } } } : stage,
    );
    writeFileSync(at('mine.json'), JSON.stringify({ ...light, stages }));
    expect(await replayed('--pipeline', at('mine.json'))).toBe(many);
    // Of a file it goes before what is written there.
    expect(await replayed('--pipeline', at('mine.json'), '--budget', '1/key/2000rows')).toBe(few);
  });

  test('is the budget of every detect, in a challenge too, and keeps their other settings', async () => {
    const steps = (memory: string) => [
      { remember: { memory, horizons: [1] } },
      { interval: {} },
      { detect: { warmupRows: 70 } },
    ];
    const sides = {
      champion: { name: 'old', stages: steps('last-value') },
      challenger: { name: 'new', stages: steps('rls') },
    };
    writeFileSync(at('two.json'), JSON.stringify({ name: 'two', stages: [{ challenge: sides }, { episode: {} }] }));
    const alarmBudget = parseAlarmBudget('fdr:0.1');
    const { stages } = await loadPipeline(at('two.json'), { alarmBudget });
    const settings = JSON.stringify(stages.find(({ id }) => id === 'challenge')?.settings);
    expect(settings.match(/"falseDiscoveries":0\.1/g)).toHaveLength(2);
    expect(settings.match(/"warmupRows":70/g)).toHaveLength(2);
  });

  test('is refused for a pipeline made by code, and where it is none', async () => {
    writeFileSync(at('made.mjs'), "export default { name: 'made', stages: [], through() {} };");
    const { code, err } = await engram(['replay', at('log.csv'), '--pipeline', at('made.mjs'), '--budget', '1/key/7d']);
    expect(code).toBe(2);
    expect(err).toContain('expected the budget of detect to be set in the module');
    expect(await engram(['replay', at('log.csv'), '--budget', 'one/week'])).toMatchObject({ code: 2 });
  });

  test('is refused for htm-detect, which has none', async () => {
    const remember = { remember: { memory: 'last-value', horizons: [1] } };
    const spec = { name: 'alone', stages: [remember, { interval: {} }, { 'htm-detect': {} }] };
    writeFileSync(at('alone.json'), JSON.stringify(spec));
    const budget = ['--budget', '1/key/7d'];
    const { code, err } = await engram(['replay', at('log.csv'), '--pipeline', at('alone.json'), ...budget]);
    expect(code).toBe(2);
    expect(err).toContain('expected a step detect for a budget of alarms, found htm-detect');
  });

  test('counts for compare and for a preview of alerts, and has no effect on stored anomalies', async () => {
    const compared = async (...more: string[]) =>
      (await engram(['compare', at('log.csv'), '--champion', 'light', '--memory', 'rls', ...more])).out.match(
        /alarms: (\d+) and (\d+)/,
      ) as RegExpMatchArray;
    const [few, many] = [await compared(), await compared('--budget', '1/key/20rows')];
    for (const side of [1, 2]) expect(Number(many[side])).toBeGreaterThan(Number(few[side]));
    const preview = async (input: string, ...more: string[]) =>
      engram(['alerts', 'preview', at(input), '--pipeline', 'light', '--rule', '{"name": "any"}', '--json', ...more]);
    const alerts = async (...more: string[]) =>
      (JSON.parse((await preview('log.csv', ...more)).out) as { alerts: unknown[] }).alerts.length;
    expect(await alerts('--budget', '1/key/20rows')).toBeGreaterThan(await alerts());
    await replayed('--out', at('anomalies.ndjson'));
    expect(await preview('anomalies.ndjson', '--budget', '1/key/7d')).toMatchObject({
      code: 2,
      err: 'engram: --budget: has no effect on stored anomalies, which are found already: leave it out\n',
    });
  });
});
