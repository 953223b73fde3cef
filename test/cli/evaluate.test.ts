import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { detectorsOf, evaluate } from '../../cli/evaluate.js';
import { evaluateAll } from '../../cli/evaluate-all.js';
import { UsageError } from '../../cli/failure.js';
import type { Io } from '../../cli/io.js';
import { sharedData, withData } from '../evaluation/shared-data.js';

function terminal() {
  const said = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      write(chunk, _, done) {
        said[name] += String(chunk);
        done();
      },
    });
  let nowMs = 0;
  const io: Io = {
    stdin: new PassThrough(),
    stdout: into('out'),
    stderr: into('err'),
    env: {},
    nowMs: () => ++nowMs,
    onInterrupt: () => () => {},
  };
  return { io, said };
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'engram-evaluate-'));

describe('what cannot be evaluated', () => {
  const failing = async (name: string, options: Parameters<typeof evaluate>[1]): Promise<string> => {
    const error = await evaluate(name, options, terminal().io).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  };

  test('is answered with the nearest name', async () => {
    expect(await failing('nyc-taxy', { data: '.' })).toMatch(/expected one of nyc-taxi, .*did you mean "nyc-taxi"/);
    expect(await failing('pems', { data: '.', head: 'densty' })).toMatch(
      /--head: expected one of .*did you mean "density"/,
    );
    expect(await failing('pems', { data: '.', memory: 'htm,knn', head: 'classifier' })).toMatch(
      /--head: expected one of gaussian, density, quantile, none for knn, got "classifier", which only htm and htm-small have/,
    );
    expect(await failing('pems', { data: '.', memory: 'last-valu' })).toMatch(/--memory.*did you mean "last-value"/);
  });
  test('a detector that does not exist, or is not for this memory or benchmark, before any data is looked for', async () => {
    const data = '/nowhere';
    expect(await failing('nab', { data, memory: 'htm', detector: 'likelyhood' })).toBe(
      '--detector: expected one of all, surprise, conformal, likelihood, got "likelyhood" (did you mean "likelihood"?)',
    );
    expect(await failing('nab', { data, memory: 'htm,default', detector: 'likelihood' })).toBe(
      '--detector: expected likelihood with --memory htm, got default: leave it out',
    );
    for (const detector of ['likelihood', 'all,conformal']) {
      expect(await failing('pems', { data, memory: 'htm', detector })).toMatch(
        /expected (likelihood|conformal) with a benchmark of alarms, got pems: leave it out/,
      );
    }
    expect(await failing('nab', { data, memory: 'htm', detector: 'all' })).toMatch(/^--data: /);
    await expect(evaluateAll({ data, detector: 'all' }, terminal().io)).rejects.toThrow(
      'evaluate all: expected none of --out, --head, --detector and --leak-test',
    );
  });
  test('HTM is judged twice where alarms are, all others by all evidence', () => {
    const alarms = { name: 'nab', kind: 'anomaly' } as const;
    expect(detectorsOf('htm', alarms, undefined)).toEqual(['all', 'likelihood']);
    expect(detectorsOf('htm', alarms, 'likelihood')).toEqual(['likelihood']);
    expect(detectorsOf('default', alarms, undefined)).toEqual(['all']);
    expect(detectorsOf('default', alarms, 'conformal,all')).toEqual(['conformal', 'all']);
    expect(detectorsOf('htm', { name: 'pems', kind: 'forecast' }, undefined)).toEqual(['all']);
  });

  test('sequences are shown to predictors of their own, so many times', async () => {
    expect(await failing('sequences', { memory: 'rls' })).toMatch(
      /expected one of htm, suffix-match for sequences, got/,
    );
    expect(await failing('sequences', { seeds: '0' })).toMatch(/--seeds: expected a whole number from 1 to 1000/);
  });

  test('is answered with the folder that is missing', async () => {
    expect(await failing('pems', { data: '/nowhere', memory: 'rls' })).toMatch(
      /--data: expected the data folder "pems_flow_1lane" \(PeMS 5-minute traffic flow.*\/nowhere/,
    );
  });
});

withData('hotgym', 'engram evaluate hotgym', () => {
  test('no head by its name is what there is without it, under the same name', async () => {
    const json = join(folder(), 'hotgym.json');
    expect(
      await evaluate('hotgym', { data: sharedData, memory: 'last-value', head: 'none', json }, terminal().io),
    ).toBe(0);
    const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: { memory: string }[] };
    expect(results.map(({ memory }) => memory)).toEqual(['last-value', 'seasonal-naive', 'rls']);
  });

  test('prints a table, writes metrics that a script can read and rows that score the same again', async () => {
    const { io, said } = terminal();
    const out = folder();
    const json = join(out, 'deeper', 'hotgym.json');
    const options = { data: sharedData, memory: 'rls', json, out, leakTest: true };
    expect(await evaluate('hotgym', options, io)).toBe(0);
    expect(said.err).toBe('');
    expect(said.out).toMatch(/^hotgym: /);
    expect(said.out).toMatch(/rls +run now/);
    expect(said.out).toMatch(/last-value +run now/);
    expect(said.out).toMatch(/one week ago +scored here/);
    expect(said.out).toMatch(/rls: rows after (\d+, ){4}\d+ replaced by noise, nothing said before changed/);

    const written = JSON.parse(readFileSync(json, 'utf8'));
    expect(written.benchmark).toBe('hotgym');
    const [result] = written.results;
    expect(result).toMatchObject({ memory: 'rls', seed: 0 });
    expect(written.results.map(({ memory }: { memory: string }) => memory)).toContain('seasonal-naive');
    for (const [metric, value] of Object.entries(result.metrics)) {
      expect(metric).toMatch(/^[a-z0-9_]+$/);
      expect(value).toEqual(expect.any(Number));
    }

    expect(readdirSync(out).filter((name) => name.endsWith('.csv'))).toEqual(['hotgym-rls.csv']);
    const [header, ...lines] = readFileSync(join(out, 'hotgym-rls.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe('series,origin_row,horizon,channel,truth,prediction');
    const rows = lines.map((line) => line.split(','));
    const error = (horizon: string): number => {
      const own = rows.filter((row) => row[2] === horizon);
      return own.reduce((sum, row) => sum + Math.abs(Number(row[4]) - Number(row[5])), 0) / own.length;
    };
    expect(error('1')).toBeCloseTo(result.metrics.mae_1, 9);
    expect(error('24')).toBeCloseTo(result.metrics.mae_24, 9);
  });
});

withData('hotgym', 'engram evaluate --seeds', () => {
  test('runs as many starts of a memory with chance, each with its own results and rows, and others once', async () => {
    const { io, said } = terminal();
    const out = folder();
    const json = join(out, 'seeds.json');
    const options = { data: sharedData, memory: 'elm', seeds: '2', json, out };
    expect(await evaluate('hotgym', options, io)).toBe(0);
    expect(said.out).toMatch(/^elm +run now/m);
    expect(said.out).toMatch(/^elm, seed 2 +run now/m);
    const { results } = JSON.parse(readFileSync(json, 'utf8'));
    expect(results.map(({ memory, seed }: { memory: string; seed: number }) => `${memory} ${seed}`)).toEqual([
      'elm 1',
      'elm 2',
      'last-value 0',
      'seasonal-naive 0',
      'rls 0',
    ]);
    expect(results[0].metrics.mae_1).not.toBe(results[1].metrics.mae_1);
    expect(readdirSync(out).sort()).toEqual(['hotgym-elm-2.csv', 'hotgym-elm.csv', 'seeds.json']);
    const rows = (name: string) => readFileSync(join(out, name), 'utf8').split('\n');
    expect(rows('hotgym-elm.csv').length).toBe(rows('hotgym-elm-2.csv').length);
    expect(rows('hotgym-elm.csv')[1]).not.toBe(rows('hotgym-elm-2.csv')[1]);
    // The first start is what is run without the option.
    const alone = join(out, 'alone.json');
    await evaluate('hotgym', { data: sharedData, memory: 'elm', json: alone }, terminal().io);
    expect(JSON.parse(readFileSync(alone, 'utf8')).results[0].metrics).toEqual(results[0].metrics);
  });

  test.each(['0', '1.5', 'many', '-2', '1001'])('a number of starts that is none: %s', async (seeds) => {
    await expect(evaluate('hotgym', { data: sharedData, memory: 'elm', seeds }, terminal().io)).rejects.toThrow(
      `--seeds: expected a whole number from 1 to 1000, got "${seeds}"`,
    );
  });
});

withData('skab', 'engram evaluate skab', () => {
  test('writes a score and an alarm for every row', async () => {
    const { io } = terminal();
    const out = folder();
    expect(await evaluate('skab', { data: sharedData, memory: 'last-value', out }, io)).toBe(0);
    const [header, first, ...rest] = readFileSync(join(out, 'skab-last-value.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe('series,row,timestamp,value,score,alarm');
    expect(rest.length + 1).toBe(37_401);
    const [series, row, timestamp, value, score, alarm] = first.split(',');
    expect([series, row, timestamp, alarm]).toEqual(['valve1/0.csv', '0', '2020-03-09 10:14:33', '0']);
    expect(value.split(' ')).toHaveLength(8);
    expect(Number(score)).toBe(0);
    const scores = rest.map((line) => Number(line.split(',')[4]));
    expect(scores.every((each) => each >= 0 && each <= 1)).toBe(true);
    expect(Math.max(...scores)).toBeGreaterThan(0.2);
  });
});
