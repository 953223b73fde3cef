import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dailyCsv, engram, folder } from './command.js';

const place = folder();
const log = join(place, 'daily.csv');
writeFileSync(log, dailyCsv(700));
const in_ = (name: string): string => join(place, name);
const steps = (memory: string) => [{ remember: { memory, horizons: [1, 3] } }, { interval: {} }, { detect: {} }];
const contested = (swaps: readonly object[]): string => {
  const sides = {
    champion: { name: 'old', stages: steps('last-value') },
    challenger: { name: 'new', stages: steps('rls') },
  };
  const file = in_(`contested-${swaps.length}.json`);
  writeFileSync(
    file,
    JSON.stringify({ name: 'contested', stages: [{ challenge: { ...sides, swaps } }, { episode: {} }] }),
  );
  return file;
};
const forecasts = (file: string): { offset: number; forecast: { mean: number[][] } }[] =>
  readFileSync(in_(file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('engram compare', () => {
  test('shows error, coverage, alarms, bytes and time of both, and writes them as JSON', async () => {
    const { code, out, err } = await engram([
      'compare',
      log,
      '--champion',
      'light',
      '--memory',
      'rls',
      '--json',
      in_('c.json'),
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/champion: light +[\d.]+ +[\d.]+ %/);
    expect(out).toMatch(/challenger: light with rls +[\d.]+/);
    expect(out).toMatch(/alarms: \d+ and \d+; bytes per key: [\d,]+ and [\d,]+; µs per event: [\d.]+ and [\d.]+/);
    const { comparison, bytes, names } = JSON.parse(readFileSync(in_('c.json'), 'utf8'));
    expect(names).toEqual(['light', 'light with rls']);
    expect(bytes[1]).toBeGreaterThan(bytes[0]);
    expect(comparison.horizons[0].crps[1]).toBeLessThan(comparison.horizons[0].crps[0]);
  });
  test('warns of a memory that lives by periods where no step finds any', async () => {
    const { code, err } = await engram(['compare', log, '--champion', 'light', '--memory', 'seasonal-naive']);
    expect(code).toBe(0);
    expect(err).toBe(
      'engram: challenger light with seasonal-naive: no step seasons stands before the memory seasonal-naive, which then ' +
        'knows no period: compare pipelines that have one, such as sensor-anomaly\n',
    );
  });
  test('wants two that differ, each as JSON', async () => {
    expect(await engram(['compare', log])).toMatchObject({
      code: 2,
      err: expect.stringContaining('got the same twice'),
    });
    const module = in_('made.mjs');
    writeFileSync(module, 'export default { name: "x", stages: [], through() {} };');
    const { code, err } = await engram(['compare', log, '--challenger', module]);
    expect([code, err]).toEqual([2, expect.stringContaining('expected a pipeline as JSON')]);
  });
});

describe('engram replay of a challenge', () => {
  test('writes what the one in charge says, and beside it the shadow; the end and inspect show the comparison', async () => {
    const plain = await engram([
      'replay',
      log,
      '--pipeline',
      contested([]),
      '--out',
      in_('a.ndjson'),
      '--out',
      in_('shadow.ndjson'),
      '--state',
      in_('state'),
    ]);
    expect(plain.out).toContain('Champion against challenger, on 700 rows that both answered:');
    const [own, shadow] = [forecasts('a.ndjson'), forecasts('shadow.ndjson')];
    expect(shadow.map(({ offset }) => offset)).toEqual(own.map(({ offset }) => offset));
    const inspected = await engram(['inspect', in_('state')]);
    expect(inspected.out).toContain('champion: old');
    const [shard] = JSON.parse((await engram(['inspect', in_('state'), '--json'])).out);
    expect(shard.generations[0].comparison).toMatchObject({ rows: 700, inCharge: [700, 0] });

    const swaps = [
      { at: 300, to: 'challenger' },
      { at: 500, to: 'champion' },
    ];
    await engram(['replay', log, '--pipeline', contested(swaps), '--out', in_('b.ndjson')]);
    expect(forecasts('b.ndjson').map(({ forecast }) => forecast)).toEqual(
      own.map(({ offset, forecast }, i) => (offset >= 300 && offset < 500 ? shadow[i].forecast : forecast)),
    );
  });
  test('a state that has passed an offset refuses a swap there, and says what to do', async () => {
    const { code, err } = await engram([
      'replay',
      log,
      '--pipeline',
      contested([{ at: 300, to: 'challenger' }]),
      '--out',
      in_('a.ndjson'),
      '--out',
      in_('shadow.ndjson'),
      '--state',
      in_('state'),
    ]);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('expected: challenger at 300\nfound in the checkpoint: none'),
    ]);
  });
  test('a shadow is wanted of a pipeline that has one', async () => {
    const { code, err } = await engram(['replay', log, '--pipeline', 'light', '--out', in_('shadow.ndjson')]);
    expect([code, err]).toEqual([2, expect.stringContaining('expected a pipeline with a step challenge, got light')]);
  });
});
