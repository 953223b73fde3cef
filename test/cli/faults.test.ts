import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { dailyCsv, engram, folder } from './command.js';

let here: string;
const at = (name: string): string => join(here, name);
beforeAll(() => {
  here = folder();
  mkdirSync(at('logs'));
  writeFileSync(at('log.csv'), dailyCsv(30));
  writeFileSync(at('logs/a.csv'), dailyCsv(3));
  writeFileSync(at('german.csv'), 'Zeit;Temp\n01.02.2024 00:00;1,5\n01.02.2024 01:00;1,7\n');
  writeFileSync(at('epoch.ndjson'), '{"ts":1704067200000,"device":{"id":"a"},"temp":"warm"}\n');
  writeFileSync(at('garbage.csv'), 'a\u001B[2Jb,c\n1,2\n');
  writeFileSync(at('empty.csv'), '');
  writeFileSync(at('fake.parquet'), 'a,b\n');
  writeFileSync(at('module.mjs'), 'export const pipeline = 1;\n');
  writeFileSync(at('broken.mjs'), 'export default (;\n');
  writeFileSync(at('list.json'), '[]');
  writeFileSync(at('comma.json'), '{\n  "password": "hunter2",\n  "stages": [{"normalize": {}},]\n}\n');
  writeFileSync(
    at('half.ndjson'),
    '{"timestamp":"2024-01-01T00:00:00Z","a":1}\n{"timestamp":"2024-01-01T00:01:00Z","a":}\n{"b"}\n',
  );
  writeFileSync(at('anomalies.ndjson'), '{"id":"x"}\nnot json\n');
});

/** Exit code and the one line a user reads, folders taken out. */
async function wrong(line: string): Promise<string> {
  const args = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, '').replaceAll('HERE', here));
  const { code, err } = await engram(args);
  const told = err.trimEnd();
  expect(told.split('\n')).toHaveLength(1);
  return `${code} ${told.replaceAll(`${here}/`, '').replaceAll(here, 'HERE')}`;
}

describe('JSON that is none, in any file: its name, line and column, and nothing else of what stands in it', () => {
  const place = 'comma.json: expected JSON: line 3, column 32: expected a value, got ]: take out the comma before it';
  test.each([
    ['replay HERE/log.csv --pipeline HERE/comma.json', place],
    ['replay HERE/log.csv --alerts HERE/comma.json', place],
    ['replay kafka://127.0.0.1:1/in --run HERE/comma.json', place],
    ['run HERE/comma.json', place],
    ['compare HERE/log.csv --champion HERE/comma.json', place],
    ['alerts preview HERE/log.csv --rule HERE/comma.json', place],
    ['alerts silence HERE/comma.json --match key=x --for 2h', place],
    [
      'replay HERE/log.csv --marks HERE/half.ndjson',
      'half.ndjson line 1: timestamp: expected one of key, verdict, startMs, endMs, of, offset, got "timestamp"',
    ],
    [
      'replay HERE/log.csv --marks HERE/comma.json',
      'comma.json line 1: expected a mark as JSON: column 2: expected a name in double quotes, got the end of the text',
    ],
  ])('%s', async (line, why) => {
    expect(await wrong(line)).toBe(`2 engram: ${why}`);
  });

  test('a log of one JSON object a line says of the first that is refused where it breaks', async () => {
    const { code, out } = await engram([
      'replay',
      at('half.ndjson'),
      '--pipeline',
      'light',
      '--out',
      at('half.out.ndjson'),
    ]);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(
        `2 rows rejected (2 not-json): see ${at('rejects.ndjson')}\nThe first: line 2: expected a JSON object: column 41: expected a value, got }\n`,
      ),
    ]);
  });
});

describe('an input that is none', () => {
  test.each([
    ['replay HERE/logs', '2 engram: logs: expected a file, got a folder: name a file in it, such as logs/a.csv'],
    ['replay HERE/logs/none/a.csv', '2 engram: logs/none/a.csv: expected a file, there is none'],
    ['replay HERE/empty.csv', '2 engram: empty.csv: expected a header line, the input is empty'],
    [
      'alerts preview HERE/empty.csv --rule {"name":"a"}',
      '2 engram: empty.csv: expected a header line, the input is empty',
    ],
    [
      'replay HERE/fake.parquet',
      '2 engram: fake.parquet: expected a Parquet file: parquet file invalid (footer != PAR1): write the file again',
    ],
    [
      'replay HERE/german.csv',
      '2 engram: german.csv: expected one column called timestamp, datetime, time or date, there is none: name the time column (--time), or give the step between rows (--step). The columns are: Zeit, Temp',
    ],
    [
      'replay HERE/german.csv --time Zeit',
      '2 engram: german.csv: "01.02.2024 00:00" in column "Zeit" can be day/month or month/day: name the order of day and month (timeFormat, --time-format): dmy or mdy',
    ],
    [
      'replay HERE/german.csv --time Zeit --time-format dmy',
      '2 engram: german.csv: expected at least one numeric column, found none: name them (--values). The columns are: Zeit, Temp',
    ],
    [
      'replay HERE/epoch.ndjson --time ts --key device',
      '2 engram: epoch.ndjson: key: there is no column "device" (did you mean "device.id"?). The columns are: ts, device.id, temp',
    ],
    [
      'replay HERE/garbage.csv',
      '2 engram: garbage.csv: expected one column called timestamp, datetime, time or date, there is none: name the time column (--time), or give the step between rows (--step). The columns are: a\\x1b[2Jb, c',
    ],
    [
      'replay HERE/log.csv --format avro',
      '2 engram: --format: expected one of csv, ndjson, arrow, parquet for a file, got avro, which topics have',
    ],
    [
      'replay - --format parquet',
      '2 engram: format (--format): expected csv, ndjson or arrow for a stream, got parquet: store it in a file',
    ],
    [
      'replay http://a/b.csv',
      '2 engram: expected a file, - for standard input, or kafka://host:port/topic, got http://a/b.csv: no other address can be read',
    ],
  ])('%s', async (line, told) => expect(await wrong(line)).toBe(told));

  test('where no row can be used, the end says so, and what the first was told', async () => {
    const { code, out } = await engram([
      ...['replay', at('german.csv'), '--time', 'Zeit', '--time-format', 'dmy', '--values', 'Temp'],
      ...['--pipeline', 'light', '--out', at('f.ndjson')],
    ]);
    expect(code).toBe(0);
    expect(out).toContain('No row could be used: nothing was learned.');
    expect(out).toContain('2 rows rejected (2 not-a-number)');
    expect(out).toContain('The first: line 2: expected a number in "Temp", came "1,5"');
  });
});

describe('what does not go together', () => {
  const side = (memory: string) => ({
    name: memory,
    stages: [{ remember: { memory, horizons: [1] } }, { interval: {} }, { detect: {} }],
  });
  const contest = {
    name: 'c',
    stages: [
      { normalize: {} },
      { challenge: { champion: side('last-value'), challenger: side('rls') } },
      { episode: {} },
    ],
  };
  const anomaly = { id: 'x', key: 'k', startMs: 0, endMs: 1, peakMs: 0, severity: 'info', score: 0.1 };
  test.each([
    [
      'a memory for a pipeline with two',
      'replay HERE/log.csv --pipeline HERE/p.json --memory rls',
      JSON.stringify(contest),
      'p.json: expected each side of challenge to name its memory, got memory as an option',
    ],
    [
      'a memory for a pipeline that is written out',
      'replay kafka://h:1/t --run HERE/p.json --memory rls',
      JSON.stringify({
        decode: { values: ['v'] },
        pipeline: {
          name: 'n',
          stages: [{ remember: { memory: 'rls', horizons: [1] } }, { interval: {} }, { detect: {} }, { episode: {} }],
        },
      }),
      '--memory: expected it in p.json, where the pipeline is written out: change it there, or name a --pipeline',
    ],
    [
      'rows among stored anomalies',
      'alerts preview HERE/p.ndjson --rule {"name":"a"}',
      `${JSON.stringify(anomaly)}\n{"id":"y"}\n`,
      'p.ndjson line 2: expected an anomaly, as all lines before it',
    ],
  ])('%s', async (_, line, text, told) => {
    writeFileSync(at(line.includes('p.ndjson') ? 'p.ndjson' : 'p.json'), text);
    expect(await wrong(line)).toBe(`2 engram: ${told}`);
  });
});

describe('an option that is wrong', () => {
  test.each([
    [
      'replay HERE/log.csv --run HERE/list.json',
      '2 engram: --run: says how Kafka is talked to, but neither the input nor an --out is a topic: leave it out',
    ],
    ['replay HERE/log.csv --values a,,b', '2 engram: --values: expected column names such as flow,speed, got "a,,b"'],
    ['replay HERE/log.csv --values a,a', '2 engram: --values: expected every column once, got "a" twice'],
    [
      'replay HERE/log.csv --out kafka://h:1/t?from=3',
      '2 engram: --out: expected kafka://host:port/topic, got from or to, which belong to the input',
    ],
    [
      'replay HERE/log.csv --pipeline light --out shadow.ndjson',
      '2 engram: --out shadow:shadow.ndjson: expected a pipeline with a step challenge, got light',
    ],
    [
      'pretrain HERE/log.csv --out x --until soon',
      '2 engram: --until: expected a time such as 2014-12-01 or 2014-12-01T12:00Z, got "soon"',
    ],
    ['pretrain HERE/log.csv --out x --epochs 0', '2 engram: --epochs: expected a whole number of at least 1, got "0"'],
    ['compare HERE/log.csv', '2 engram: compare: expected two configurations that differ, got the same twice'],
    ['evaluate synthetic --only nab', '2 engram: --only: expected with "all" alone, got with synthetic: leave it out'],
    ['evaluate synthetic --seeds 0', '2 engram: --seeds: expected a whole number from 1 to 1000, got "0"'],
    [
      'evaluate all --leak-test',
      '2 engram: evaluate all: expected none of --out, --head, --detector and --leak-test: give them with one benchmark',
    ],
    [
      'alerts silence HERE/s.json --match key=x --for 2hours',
      '2 engram: --for: expected how long (ms, s, min, h or d), such as 30min, 5s or 100ms, got "2hours"',
    ],
    [
      'alerts silence HERE/s.json --for 2h',
      '2 engram: alerts silence: expected --match <label=pattern>, it is missing: engram alerts silence --help tells what there is',
    ],
    [
      'alerts mark HERE/none.ndjson --id x --verdict real --marks HERE/m',
      '2 engram: none.ndjson: expected an NDJSON file of alerts or anomalies, it cannot be read (ENOENT)',
    ],
    [
      'alerts mark HERE/anomalies.ndjson --id y --verdict real --marks HERE/m',
      '2 engram: anomalies.ndjson line 2: expected JSON, one alert or anomaly a line: column 1: expected a value, got n',
    ],
    [
      'alerts mark HERE/anomalies.ndjson --id x --verdict real --marks HERE/m --at soon',
      '2 engram: --at: expected a place in the log, a whole number, got "soon"',
    ],
    [
      'alerts preview HERE/log.csv --rule {"name":"a"} --from yesterday',
      '2 engram: --from: expected a time such as 2026-01-31 or 2026-01-31T08:00:00Z, got "yesterday"',
    ],
    [
      'alerts preview HERE/log.csv --rule {"name":"a"} --time-format dym',
      '2 engram: --time-format: expected one of auto, iso, epoch-s, epoch-ms, dmy, mdy, got "dym" (did you mean "dmy"?)',
    ],
    ['run HERE/none.json', '2 engram: none.json: expected a file, there is none'],
    ['run HERE/module.mjs', '2 engram: module.mjs: expected a default export, there is none'],
    ['run HERE/list.json', '2 engram: list.json: expected an object, got []'],
  ])('%s', async (line, told) => expect(await wrong(line)).toBe(told));

  test('a module that breaks is named', async () =>
    expect((await engram(['run', at('broken.mjs')])).err).toMatch(/broken\.mjs: cannot be imported: /));
});

describe('a file of engram run that is wrong', () => {
  const base = {
    ...{ kafka: { brokers: ['127.0.0.1:1'] }, input: 'in', group: 'g', decode: { values: ['v'] } },
    ...{ pipeline: 'light', state: { folder: 'state' } },
  };
  const login = (login: unknown) => ({ ...base, kafka: { brokers: ['127.0.0.1:1'], login } });
  test.each<[string, unknown, string]>([
    ['no group', { ...base, group: undefined }, 'group: expected a text, it is missing'],
    [
      'a misspelt topic',
      { ...base, topics: { forecasts: 'x' } },
      'topics.forecasts: expected one of results, anomalies, rejects, alerts, got "forecasts"',
    ],
    ['a port', { ...base, http: { port: 99_999 } }, 'http.port: expected a number of at most 65535, got 99999'],
    ['a time as text', { ...base, commitMs: '100ms' }, 'commitMs: expected a number, got "100ms"'],
    [
      'a state that is neither',
      { ...base, state: 'here' },
      'state: expected {"folder": …} or {"topic": …, "partitions": …}, got "here"',
    ],
    [
      'a format without its columns',
      { ...base, decode: { values: ['v'], format: 'csv' } },
      'decode.columns: format csv needs it, it is missing',
    ],
    [
      'a password in it',
      login({ mechanism: 'plain', username: 'u', password: 'hunter2' }),
      'kafka.login.password: expected {"env": …} or {"file": …}, got something else (which may be a secret and is not shown)',
    ],
    [
      'a login in one text',
      login('u:hunter2'),
      'kafka.login: expected an object, got something else (which may be a secret and is not shown)',
    ],
    [
      'an alert rule',
      { ...base, alerts: { rules: [{ name: 'a', minDuration: 1 }] } },
      'alerts: rules[0].minDuration: expected one of name, match, severity, direction, threshold, minDurationMs, closeDurationMs, minAbsolute, minRelative, coolDownMs, severityHoldMs, labels, got "minDuration" (did you mean "minDurationMs"?)',
    ],
  ])('%s', async (_, value, told) => {
    writeFileSync(at('run.json'), JSON.stringify(value));
    const said = await wrong('run HERE/run.json');
    expect(said).toBe(`2 engram: run.json: ${told}`);
    expect(said).not.toContain('hunter2');
  });
});
