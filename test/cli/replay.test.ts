import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Anomaly, Reject, Result } from '../../event.js';
import { dailyCsv, engram, folder } from './command.js';

let here: string;
const at = (name: string): string => join(here, name);
const lines = (name: string): string[] => readFileSync(at(name), 'utf8').split('\n').slice(0, -1);
const light = ['--pipeline', 'light'];
beforeEach(() => {
  here = folder();
  writeFileSync(at('log.csv'), dailyCsv(600, { spike: 500 }));
});

describe('engram replay', () => {
  test('writes forecasts and anomalies, and says what it found and where it is', async () => {
    const { code, out, err } = await engram([
      ...['replay', at('log.csv'), ...light, '--out', at('forecasts.ndjson'), '--out', at('anomalies.ndjson')],
      ...['--out', at('forecasts.arrow'), '--state', at('state'), '--report', at('report.html')],
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(lines('forecasts.ndjson')).toHaveLength(600);
    const spike = JSON.parse(lines('forecasts.ndjson')[500]) as Result;
    expect(spike).toMatchObject({ key: 'log', offset: 500, alarm: true });
    expect(lines('anomalies.ndjson').map((line) => (JSON.parse(line) as { peakOffset: number }).peakOffset)).toContain(
      500,
    );
    expect(out).toContain('2024-01-11 10:00');
    expect(out).toMatch(/600 rows in [\d.]+ s: [\d,]+ rows\/s, 1 checkpoint\n/);
    for (const name of ['forecasts.ndjson', 'forecasts.arrow', 'anomalies.ndjson', 'state', 'report.html']) {
      expect(existsSync(at(name))).toBe(true);
      expect(out).toContain(at(name));
    }
    // Without a rejected row there is no file of rejects, and nothing else is left behind.
    expect(readdirSync(here).sort()).toEqual([
      'anomalies.ndjson',
      'forecasts.arrow',
      'forecasts.ndjson',
      'log.csv',
      'report.html',
      'state',
    ]);
    expect(readFileSync(at('report.html'), 'utf8')).toContain('"title":"log.csv"');
  });

  test('a pipeline of JSON with htm-detect writes the anomalies of the taxi log, with what was expected', async () => {
    const stages = [
      ...[{ reorder: {} }, { normalize: {} }, { seasons: {} }],
      ...[{ remember: { memory: 'seasonal-naive', horizons: [1] } }, { interval: {} }, { 'htm-detect': {} }],
      ...[{ episode: {} }, { evaluate: {} }],
    ];
    writeFileSync(at('alone.json'), JSON.stringify({ name: 'htm-alone', stages }));
    const { code, out, err } = await engram([
      ...['replay', 'data/nyc_taxi.csv', '--time', 'timestamp', '--values', 'value', '--pipeline', at('alone.json')],
      ...['--out', at('forecasts.ndjson'), '--out', at('anomalies.ndjson'), '--out', at('anomalies.arrow')],
      ...['--report', at('report.html')],
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/\d+ anomalies/);
    const rows = lines('forecasts.ndjson').map((line) => JSON.parse(line) as Result);
    expect(rows).toHaveLength(10_320);
    const anomalies = lines('anomalies.ndjson').map((line) => JSON.parse(line) as Anomaly);
    const alarms = rows.filter(({ alarm }) => alarm);
    expect(rows.slice(0, 300).filter(({ alarm }) => alarm)).toEqual([]);
    expect(anomalies.reduce((sum, one) => sum + one.alarms, 0)).toBe(alarms.length);
    // Of NAB's five windows at least the storm, where demand fell to next to nothing.
    const storm = anomalies.find(({ endMs }) => endMs > Date.UTC(2015, 0, 26) && endMs < Date.UTC(2015, 0, 30));
    expect(storm).toBeDefined();
    expect(anomalies.length).toBeLessThan(60);
    for (const { channel, expected, low, high, score, why, judge, causes = [] } of anomalies) {
      expect({ channel, band: low <= expected && expected <= high }).toEqual({ channel: 'value', band: true });
      expect(score).toBeLessThanOrEqual(causes.some(({ feature }) => feature === 'sequence') ? 1e-5 : 1 / 300);
      expect(causes.length).toBeGreaterThan(0);
      expect(judge?.name).toBe('htm-detect');
      expect(why).toMatch(/value .* was expected/);
    }
    expect(existsSync(at('anomalies.arrow'))).toBe(true);
    expect(readFileSync(at('report.html'), 'utf8')).toContain('"title":"nyc_taxi.csv"');
  });

  test('the shipped pipeline tells its error beside the simple forecasters', async () => {
    const { code, out } = await engram(['replay', at('log.csv')]);
    expect(code).toBe(0);
    expect(out).toMatch(/1 row {2}default +[\d.]+/);
    for (const name of ['persistence', 'seasonal naive', 'online least squares']) expect(out).toContain(name);
  });

  test('stopped by Ctrl-C and run again it writes the same bytes', async () => {
    const args = (name: string) => [
      ...[
        'replay',
        at('log.csv'),
        ...light,
        '--out',
        at(`${name}.ndjson`),
        '--out',
        `anomalies:${at(`${name}-a.ndjson`)}`,
      ],
      ...['--state', at(name), '--report', at(`${name}.html`)],
    ];
    expect((await engram(args('calm'))).code).toBe(0);
    // Event time passes fast enough to end in a second, and slowly enough to be stopped in between.
    const stopped = await engram([...args('stopped'), '--speed', '1000000x'], {
      interrupt: (press) => void setTimeout(press, 300),
    });
    expect(stopped.code).toBe(130);
    expect(stopped.err).toMatch(/engram: stopped at row \d+: run the same command to go on\n$/);
    const again = await engram(args('stopped'));
    expect(again.code).toBe(0);
    expect(again.err).toMatch(/^going on at row \d+, from the checkpoint in /);
    expect(again.out).toMatch(/rows, from row \d+ on in/);
    for (const name of ['.ndjson', '-a.ndjson', '.html']) {
      expect(readFileSync(at(`stopped${name}`), 'utf8')).toBe(readFileSync(at(`calm${name}`), 'utf8'));
    }
  });

  test('after a stop it says which outputs are not in their final form yet', async () => {
    const args = [
      ...['replay', at('log.csv'), ...light, '--state', at('state'), '--out', at('f.arrow')],
      ...['--out', at('anomalies.parquet'), '--out', at('forecasts.ndjson')],
    ];
    const stopped = await engram([...args, '--speed', '1000000x'], {
      interrupt: (press) => void setTimeout(press, 300),
    });
    expect(stopped.code).toBe(130);
    const where = (name: string): string => `${at(`${name}.arrow.part`)} (takes its final form as ${at(name)} when`;
    for (const name of ['f.arrow', 'anomalies.parquet']) {
      expect(existsSync(at(name))).toBe(false);
      expect(existsSync(at(`${name}.arrow.part`))).toBe(true);
      expect(stopped.out).toContain(where(name));
    }
    expect(stopped.out).toMatch(/forecasts\.ndjson\n/);
    const done = await engram(args);
    expect(done.code).toBe(0);
    expect(done.out).not.toContain('.part');
  });

  test('a log that has been read whole is not read again, unless --fresh says so', async () => {
    const args = ['replay', at('log.csv'), ...light, '--out', at('f.ndjson'), '--state', at('state')];
    await engram(args);
    const before = lines('f.ndjson');
    const again = await engram(args);
    expect(again.code).toBe(0);
    expect(again.out).toContain('Nothing new since the checkpoint: --fresh begins again at the first row.');
    expect(lines('f.ndjson')).toEqual(before);
    const fresh = await engram([...args, '--fresh']);
    expect(fresh.err).toBe('');
    expect(lines('f.ndjson')).toEqual(before);
  });

  test('--fresh removes checkpoints and nothing else', async () => {
    mkdirSync(at('state'));
    writeFileSync(at('state/mine.txt'), 'mine');
    const args = ['replay', at('log.csv'), ...light, '--state', at('state'), '--quiet'];
    await engram(args);
    const [shard] = readdirSync(at('state')).filter((name) => name.startsWith('log'));
    writeFileSync(at(`state/${shard}/notes.txt`), 'mine');
    await engram([...args, '--fresh']);
    expect(readFileSync(at('state/mine.txt'), 'utf8')).toBe('mine');
    expect(readFileSync(at(`state/${shard}/notes.txt`), 'utf8')).toBe('mine');
  });

  test('rows that cannot be used are written with their line and reason, and counted', async () => {
    const good = dailyCsv(60).split('\n');
    good.splice(10, 0, '2024-01-01T04:10:00Z,lots');
    good.splice(30, 0, 'yesterday,5');
    writeFileSync(at('bad.csv'), good.join('\n'));
    writeFileSync(at('rejects.ndjson'), 'left by an earlier run\n');
    const { code, out } = await engram(['replay', at('bad.csv'), ...light, '--out', at('f.ndjson')]);
    expect(code).toBe(0);
    expect(out).toContain(`2 rows rejected (1 not-a-number, 1 not-a-time): see ${at('rejects.ndjson')}`);
    expect(lines('rejects.ndjson').map((line) => JSON.parse(line) as object)).toMatchObject([
      { reason: 'not-a-number', line: 11, offset: 9 },
      { reason: 'not-a-time', line: 31, offset: 29 },
    ]);
    // The next run has none, so that file must not stay as if it had.
    await engram(['replay', at('log.csv'), ...light, '--out', at('f.ndjson')]);
    expect(existsSync(at('rejects.ndjson'))).toBe(false);
  });

  test('standard input to standard output: rows there, the rest on the other stream', async () => {
    const { code, out, err } = await engram(['replay', '-', ...light, '--out', '-', '--state', at('state')], {
      stdin: dailyCsv(50),
    });
    expect(code).toBe(0);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Result);
    expect(rows.map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(err).toContain('50 rows in');
  });

  test('--quiet says nothing', async () => {
    const { code, out, err } = await engram(['replay', at('log.csv'), ...light, '--quiet', '--out', at('f.ndjson')]);
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' });
  });

  test('a terminal shows progress and gets its cursor back', async () => {
    const { err } = await engram(['replay', at('log.csv'), ...light], { isTTY: true, columns: 90 });
    expect(err).toContain('100 %');
    expect(err.endsWith('\u001B[?25h')).toBe(true);
  });

  test('columns, keys, horizons and memory are those that were asked for', async () => {
    const text = dailyCsv(40).replaceAll(/^(2024.*),(.*)$/gm, '$1,$2,pump,1');
    writeFileSync(at('more.csv'), text.replace('timestamp,value', 'when,flow,machine,other'));
    const asked = ['--time', 'when', '--values', 'flow', '--key', 'machine', '--horizons', '7,2', '--memory', 'rls'];
    const { code } = await engram(['replay', at('more.csv'), ...light, ...asked, '--quiet', '--out', at('f.ndjson')]);
    expect(code).toBe(0);
    const row = JSON.parse(lines('f.ndjson')[39]) as Result;
    expect(row).toMatchObject({ key: 'pump', forecast: { horizons: [1, 2, 7] } });
    expect(row.values).toHaveLength(1);
  });

  test('a checkpoint of another pipeline is refused with what differs', async () => {
    await engram(['replay', at('log.csv'), ...light, '--state', at('state'), '--quiet']);
    const { code, err } = await engram(['replay', at('log.csv'), ...light, '--horizons', '3', '--state', at('state')]);
    expect(code).toBe(1);
    expect(err).toContain('\nremember.horizons: expected [1,3], found [1]\n');
    expect(err).toContain('--fresh');
  });

  test('a row that a step refuses is told with its line, as one that could not be read', async () => {
    const [head, first, ...rest] = dailyCsv(20).split('\n');
    writeFileSync(at('late.csv'), [head, '', ...rest.slice(0, 5), first, 'x,y', ...rest.slice(5)].join('\n'));
    await engram(['replay', at('late.csv'), ...light, '--out', at('f.ndjson'), '--quiet']);
    const told = lines('rejects.ndjson').map((line) => JSON.parse(line) as Reject);
    expect(told.map(({ stage, reason, line }) => [stage, reason, line])).toEqual([
      ['reorder', 'late', 8],
      ['decode', 'not-a-time', 9],
    ]);
  });

  test.each([
    [['--fresh'], '--fresh: has no effect without --state'],
    [['--checkpoint-rows', '5'], '--checkpoint-rows: has no effect without --state'],
    [['--step', '5min', '--zone', '+01:00'], '--zone: has no effect with --step'],
    [['--step', '5min', '--time-format', 'iso'], '--time-format: has no effect with --step'],
    [['--zone', '+25:00'], 'zone (--zone): expected an offset such as +02:00 or Z, got "+25:00"'],
    [['--run', 'x.json'], 'x.json: expected a file, there is none'],
    [['--format', 'avro'], '--format: expected one of csv, ndjson, arrow, parquet for a file'],
  ])('%s does nothing here, and is refused', async (options, why) => {
    const called = await engram(['replay', at('log.csv'), ...options]);
    expect([called.code, called.err]).toEqual([2, expect.stringContaining(why)]);
  });

  test('an address nobody can read is refused without what may be a password in it', async () => {
    for (const url of ['kafak://me:canary@h:1/t', 'kafka://me:canary@h:1/t', 's3://me:canary@bucket/x.csv']) {
      const called = await engram(['replay', url, '--verbose']);
      expect(called.code).toBe(2);
      expect(called.err).not.toContain('canary');
      const out = await engram(['replay', at('log.csv'), '--out', url]);
      expect([out.code, out.err.includes('canary')]).toEqual([2, false]);
    }
  });

  test.each([
    ['empty.csv', '', 2, 'expected a header line'],
    ['header.csv', 'timestamp,value\n', 0, '0 rows'],
    ['text.csv', 'timestamp,value\n2024-01-01,high\n', 2, 'expected at least one numeric column'],
  ])('%s ends with %d words', async (name, text, code, said) => {
    writeFileSync(at(name), text);
    const called = await engram(['replay', at(name), '--report', at('r.html')]);
    expect(called.out + called.err).toContain(said);
    expect(called.code).toBe(code);
  });
});

describe('replay of words', () => {
  const cycle = ['OPEN', 'READ', 'CHECK', 'CLOSE'];
  const lines = Array.from({ length: 900 }, (_, i) => {
    const word = i === 702 ? 'EXPLODE' : cycle[i % 4];
    return `${new Date(1.7e12 + i * 60_000).toISOString()},${word}`;
  });
  test('rows, anomalies and the page say words; what is known of them survives a restart', async () => {
    const place = folder();
    const log = join(place, 'states.csv');
    const at = (name: string) => join(place, name);
    const args = (out: string, ...more: string[]) => [
      ...['replay', log, '--category', 'state', '--out', at(`${out}.ndjson`), '--out', at(`${out}/anomalies.ndjson`)],
      ...['--report', at(`${out}.html`), '--quiet', ...more],
    ];
    writeFileSync(log, `time,state\n${lines.join('\n')}\n`);
    expect(await engram(args('whole'))).toMatchObject({ code: 0, err: '' });
    const rows = readFileSync(at('whole.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows[600]).toMatchObject({ values: [null], words: ['OPEN'] });
    expect(rows[600].next.state[0].word).toBe('READ');
    expect(rows[600].next.state[0].probability).toBeGreaterThan(0.9);
    const anomalies = readFileSync(at('whole/anomalies.ndjson'), 'utf8');
    expect(anomalies).toContain('state EXPLODE where CHECK');
    const page = readFileSync(at('whole.html'), 'utf8');
    expect(page).toContain('"words":["EXPLODE","CHECK"]');
    expect(page).toContain('Predicted instead: CHECK');
    writeFileSync(log, `time,state\n${lines.slice(0, 500).join('\n')}\n`);
    expect(await engram(args('parts', '--state', at('state')))).toMatchObject({ code: 0 });
    writeFileSync(log, `time,state\n${lines.join('\n')}\n`);
    expect(await engram(args('parts', '--state', at('state')))).toMatchObject({ code: 0 });
    expect(readFileSync(at('parts.ndjson'), 'utf8')).toBe(readFileSync(at('whole.ndjson'), 'utf8'));
  });
  test('a memory of numbers is refused for them', async () => {
    const { code, err } = await engram(['replay', '-', '--category', 'state', '--memory', 'knn'], {
      stdin: `time,state\n${lines.slice(0, 5).join('\n')}\n`,
    });
    expect(code).not.toBe(0);
    expect(err).toContain('remember.memory: expected one that takes words (htm, htm-small) for state, got knn');
  });
});
