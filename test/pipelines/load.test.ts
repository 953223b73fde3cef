import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { light } from '../../pipelines/light.js';
import { loadPipeline } from '../../pipelines/load.js';

let folder: string;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engram-load-'));
});
const settingsOf = async (name: string, id: string, overrides = {}) =>
  (await loadPipeline(name, overrides)).stages.find((stage) => stage.id === id)?.settings;

describe('loading a pipeline', () => {
  test('by the name of a shipped one', async () => expect((await loadPipeline('light')).name).toBe('light'));
  test('from JSON', async () => {
    const path = file('mine.json', JSON.stringify({ ...light, name: 'mine' }));
    expect((await loadPipeline(path)).name).toBe('mine');
  });
  test('from a module that exports JSON, or a pipeline', async () => {
    const json = file('spec.mjs', `export default ${JSON.stringify({ ...light, name: 'from-js' })};`);
    expect((await loadPipeline(json)).name).toBe('from-js');
    const made = file('made.mjs', "export default { name: 'made', stages: [], through() {} };");
    expect((await loadPipeline(made)).name).toBe('made');
    await expect(loadPipeline(made, { horizons: [3] })).rejects.toThrow('expected horizons to be set in the module');
  });
  test('with horizons and a memory of its own', async () =>
    expect(await settingsOf('light', 'remember', { horizons: [1, 7], memory: 'rls' })).toMatchObject({
      memory: 'rls',
      horizons: [1, 7],
    }));
  test.each([
    [
      'a name that is none',
      'sensor-anomally',
      /pipeline: expected one of .*, got "sensor-anomally" \(did you mean "sensor-anomaly"\?\)/,
    ],
    ['the name of a property of all objects', 'constructor', /expected one of/],
    ['a file that is not there', 'nowhere.json', /nowhere\.json: there is no such file/],
    ['a module that is not there', 'nowhere.mjs', /nowhere\.mjs: there is no such file/],
  ])('%s', async (_, name, message) => expect(loadPipeline(name)).rejects.toThrow(message));
  test.each([
    ['broken.json', '{"name": ', /broken\.json: expected JSON: /],
    [
      'wrong.json',
      '{"name": "x", "stages": [{"detct": {}}]}',
      /wrong\.json: stages\[0\]: expected one of .*did you mean "detect"/,
    ],
    ['named.mjs', 'export const pipeline = 1;', /named\.mjs: expected a default export/],
    ['throws.mjs', 'throw new Error("not today");', /throws\.mjs: cannot be imported: not today/],
    ['number.mjs', 'export default 5;', /number\.mjs: expected an object, got 5/],
  ])('%s is told', async (name, text, message) => expect(loadPipeline(file(name, text))).rejects.toThrow(message));
});
