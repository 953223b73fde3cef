import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Anomaly } from '../../event.js';
import { alertOf } from '../connectors/alerts/server.js';
import { dailyCsv, engram, folder } from './command.js';

let here: string;
const at = (name: string): string => join(here, name);
const light = ['--pipeline', 'light'];
const linesOf = (name: string): Record<string, unknown>[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
beforeEach(() => {
  here = folder();
  writeFileSync(at('log.csv'), dailyCsv(600, { spike: 400 }));
});

describe('engram alerts mark', () => {
  test('places a mark right behind an anomaly, or behind all that a state has read', async () => {
    writeFileSync(at('log.csv'), dailyCsv(1200, { spike: 1000 }));
    await engram([
      'replay',
      at('log.csv'),
      ...light,
      '--quiet',
      '--out',
      at('anomalies.ndjson'),
      '--state',
      at('state'),
    ]);
    const anomaly = linesOf('anomalies.ndjson').find(({ startOffset }) => startOffset === 1000) as unknown as Anomaly;
    const mark = (...more: string[]) =>
      engram([
        'alerts',
        'mark',
        at('anomalies.ndjson'),
        '--id',
        anomaly.id,
        '--verdict',
        'expected',
        '--marks',
        at('marks.ndjson'),
        ...more,
      ]);
    const { code, out } = await mark();
    expect(code).toBe(0);
    expect(out).toMatch(/^log from 2024-01-21T.* expected, taken in at row \d+/);
    await mark('--state', at('state'));
    await mark('--at', '7');
    const { key, startMs, endMs, id, endOffset } = anomaly;
    const same = { key, verdict: 'expected', startMs, endMs, of: id };
    expect(linesOf('marks.ndjson')).toEqual([
      { ...same, offset: endOffset + 1 },
      { ...same, offset: 1200 },
      { ...same, offset: 7 },
    ]);
  });

  test('a replay takes marks in, whole or resumed with the same bytes', async () => {
    writeFileSync(at('marks.ndjson'), '{"key":"log","verdict":"expected","startMs":0,"endMs":1,"offset":450}\n');
    const args = (name: string) => [
      'replay',
      at('log.csv'),
      ...light,
      '--quiet',
      '--marks',
      at('marks.ndjson'),
      '--out',
      at(`${name}.ndjson`),
      '--state',
      at(name),
    ];
    expect((await engram(args('calm'))).code).toBe(0);
    const log = readFileSync(at('log.csv'), 'utf8');
    writeFileSync(at('log.csv'), `${log.split('\n').slice(0, 451).join('\n')}\n`);
    await engram(args('cut'));
    writeFileSync(at('log.csv'), log);
    expect((await engram(args('cut'))).code).toBe(0);
    expect(readFileSync(at('cut.ndjson')).equals(readFileSync(at('calm.ndjson')))).toBe(true);
    const telling = linesOf('calm.ndjson').filter((row) => 'marks' in (row as object));
    expect(telling).toMatchObject([{ offset: 450, marks: [{ verdict: 'expected', startMs: 0, endMs: 1, alarms: 0 }] }]);
  });

  test('the end of a replay says what became of marks', async () => {
    const mark = (key: string, offset: number) =>
      `{"key":"${key}","verdict":"real","startMs":0,"endMs":1,"offset":${offset}}\n`;
    writeFileSync(at('marks.ndjson'), mark('log', 450) + mark('other', 460) + mark('log', 99_999));
    const { out } = await engram(['replay', at('log.csv'), ...light, '--marks', at('marks.ndjson')]);
    expect(out).toContain(
      '2 marks taken in: 2 found none and changed nothing; 1 not taken in yet: the log ends before',
    );
    expect(out).toMatch(/real, other from 1970-01-01 00:00 to 1970-01-01 00:00:00.001: no row of this key had come/);
  });

  test.each([
    [['--id', 'x', '--verdict', 'expected'], '--id: expected the id of an alert or anomaly'],
    [['--id', 'x', '--verdict', 'maybe'], '--verdict: expected one of expected, real, got "maybe"'],
    [['--id', 'x', '--verdict', 'real', '--at', '-1'], '--at: expected a place in the log'],
  ])('a mistake is told as such: %j', async (more, message) => {
    writeFileSync(at('a.ndjson'), '{"id":"y","key":"k"}\n');
    const { code, err } = await engram(['alerts', 'mark', at('a.ndjson'), '--marks', at('m'), ...more]);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test('an alert does not say where it ended: it is placed by --at or --state, as the help says', async () => {
    const alert = alertOf({ id: 'a', key: 'k' });
    writeFileSync(at('alerts.ndjson'), `${JSON.stringify(alert)}\n`);
    const args = [
      'alerts',
      'mark',
      at('alerts.ndjson'),
      '--id',
      'a',
      '--verdict',
      'real',
      '--marks',
      at('marks.ndjson'),
    ];
    const { code, err } = await engram(args);
    expect(code).toBe(2);
    expect(err).toContain('--at: expected a place in the log, as an alert does not say where it ended');
    expect((await engram([...args, '--at', '9'])).code).toBe(0);
    expect(linesOf('marks.ndjson')).toMatchObject([{ key: 'k', of: 'a', offset: 9 }]);
    const { out } = await engram(['alerts', 'mark', '--help']);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('for an alert give --at or --state');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('while an alert needs this or --state');
  });

  test('a file of marks that is wrong stops a replay before the first row', async () => {
    writeFileSync(at('marks.ndjson'), '{"key":"log"}\n');
    const { code, err } = await engram(['replay', at('log.csv'), ...light, '--marks', at('marks.ndjson')]);
    expect(err).toContain('marks.ndjson line 1: verdict: expected one of expected, real');
    expect(code).toBe(2);
  });
});

describe('engram alerts silence', () => {
  const silence = (...more: string[]) => engram(['alerts', 'silence', at('silences.json'), ...more]);
  test('adds silences to a file, each with an end', async () => {
    const { code, out } = await silence(
      '--match',
      'key=pump-*',
      '--match',
      'key=fan-*',
      '--match',
      'site=north',
      '--for',
      '2h',
      '--from',
      '2026-01-31T08:00:00Z',
      '--comment',
      'valve',
    );
    expect(code).toBe(0);
    expect(out).toContain('until 2026-01-31T10:00:00.000Z');
    await silence('--match', 'key=x', '--for', '1min', '--from', '2026-01-31', '--name', 'mine');
    expect(JSON.parse(readFileSync(at('silences.json'), 'utf8'))).toEqual([
      {
        name: 'silence-1',
        match: { key: ['pump-*', 'fan-*'], site: ['north'] },
        startsAt: '2026-01-31T08:00:00.000Z',
        endsAt: '2026-01-31T10:00:00.000Z',
        comment: 'valve',
      },
      { name: 'mine', match: { key: ['x'] }, startsAt: '2026-01-31T00:00:00.000Z', endsAt: '2026-01-31T00:01:00.000Z' },
    ]);
  });

  test('a label that not all alerts have is told, with the one that may be meant', async () => {
    const { code, err } = await silence('--match', 'kee=x', '--match', 'key=y', '--for', '2h');
    expect(code).toBe(0);
    expect(err).toBe(
      'engram: alerts silence: kee is no label that all alerts have (key, channel, rule, detector, severity, direction, ' +
        'status) (did you mean "key"?): it holds back only alerts that get it from labels of a rule or from keyLabels\n',
    );
  });

  test.each([
    [
      ['--match', '__proto__=x', '--for', '2h'],
      'engram: alerts silence: --match __proto__: expected a label of letters',
    ],
    [['--match', 'key', '--for', '2h'], '--match: expected label=pattern such as key=pump-*, got "key"'],
    [['--match', '__proto__=x', '--for', '2h'], 'expected a label of letters'],
    [['--match', 'key=x', '--for', 'long'], '--for: expected how long'],
  ])('a mistake is told as such: %j', async (more, message) => {
    const { code, err } = await silence(...more);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
