import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { FileStore } from '../../state/stores/file.js';
import { dailyCsv, engram, folder } from './command.js';

let here: string;
const at = (name: string): string => join(here, name);
const call = (...more: string[]) =>
  engram(['replay', at('log.csv'), '--pipeline', 'light', '--state', at('state'), ...more]);
const shard = (): string => new FileStore(at('state')).folderOf('log');
/** One line, and no path that nobody gave. */
const said = (err: string, message: RegExp): void => {
  expect(err).toMatch(message);
  expect(err.trimEnd()).not.toContain('\n');
  expect(err).not.toContain('report-');
};
beforeEach(() => {
  here = folder();
  writeFileSync(at('log.csv'), dailyCsv(300, { spike: 250 }));
});

describe('two logs in one state folder', () => {
  test('neither writes over the outputs of the other, whose bytes stay', async () => {
    writeFileSync(at('other.csv'), dailyCsv(100));
    const other = (...more: string[]) =>
      engram(['replay', at('other.csv'), '--pipeline', 'light', '--quiet', '--state', at('state'), ...more]);
    await call('--quiet', '--out', at('f.ndjson'));
    const before = readFileSync(at('f.ndjson'), 'utf8');
    for (const more of [[], ['--fresh']]) {
      const { code, err } = await other('--out', at('f.ndjson'), ...more);
      expect(code).toBe(2);
      said(
        err,
        /expected outputs of this log's own, got .*f\.ndjson, which takes those of the log "log".*Name other outputs/,
      );
    }
    expect(readFileSync(at('f.ndjson'), 'utf8')).toBe(before);
    expect(await other('--out', at('g.ndjson'), '--out', `rejects:${at('g-rejects.ndjson')}`)).toMatchObject({
      code: 0,
      err: '',
    });
    expect((await call('--quiet', '--out', at('f.ndjson'))).code).toBe(0);
  });
});

describe('a state is gone on with as it was begun', () => {
  test('--report cannot be added, and cannot be dropped', async () => {
    await call('--quiet');
    const added = await call('--report', at('r.html'));
    expect(added.code).toBe(1);
    said(added.err, /this state was begun without --report, .*: leave --report out, or .*--fresh/);
    expect((await call('--report', at('r.html'), '--fresh')).code).toBe(0);
    const dropped = await call();
    expect(dropped.code).toBe(1);
    said(dropped.err, /this state was begun with --report, .*: give --report again, or .*--fresh/);
    // The place of the page is free.
    expect((await call('--report', at('other.html'))).code).toBe(0);
    expect(readFileSync(at('other.html'), 'utf8')).toBe(readFileSync(at('r.html'), 'utf8'));
  });

  test('an output cannot be dropped, nor a finished one be removed', async () => {
    await call('--out', at('f.ndjson'), '--out', at('f.arrow'), '--quiet');
    const dropped = await call('--out', at('f.ndjson'));
    expect(dropped.code).toBe(1);
    said(dropped.err, /f\.arrow.*--fresh/);
    rmSync(at('f.arrow'));
    const removed = await call('--out', at('f.ndjson'), '--out', at('f.arrow'));
    expect(removed.code).toBe(1);
    said(removed.err, /f\.arrow: expected the 300 rows .* the file is gone: put it back, or start fresh/);
    expect(removed.err).not.toContain('.part');
  });

  test.each([
    ['a log with another first row', (text: string) => text.replace(/(00:00\.000Z,)\d+/, '$11')],
    ['a log with another column', (text: string) => text.replaceAll(/^(.*)$/gm, '$1,1').replace('value,1', 'value,b')],
  ])('%s is refused, a log that has grown is gone on with', async (_, other) => {
    await call('--quiet', '--out', at('f.ndjson'));
    writeFileSync(at('log.csv'), dailyCsv(310, { spike: 250 }));
    const grown = await call('--quiet', '--out', at('f.ndjson'));
    expect([grown.code, grown.err]).toEqual([0, '']);
    expect(readFileSync(at('f.ndjson'), 'utf8').split('\n')).toHaveLength(311);
    const before = readFileSync(at('f.ndjson'), 'utf8');
    writeFileSync(at('log.csv'), other(dailyCsv(320)).trimEnd());
    const refused = await call('--quiet', '--out', at('f.ndjson'));
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('--fresh');
    expect(readFileSync(at('f.ndjson'), 'utf8')).toBe(before);
  });

  test('standard input is held against the state as well', async () => {
    const args = ['replay', '-', '--pipeline', 'light', '--state', at('state'), '--quiet', '--out', at('f.ndjson')];
    const text = dailyCsv(40);
    expect((await engram(args, { stdin: text })).code).toBe(0);
    expect((await engram(args, { stdin: dailyCsv(50) })).code).toBe(0);
    // As `tail log.csv` would give it, under the same header.
    const [header, , ...rest] = dailyCsv(60).split('\n');
    expect((await engram(args, { stdin: [header, ...rest].join('\n') })).code).toBe(1);
  });
});

describe('--fresh', () => {
  test('removes all that a run left of its generations, and nothing else', async () => {
    await call('--quiet');
    const [generation] = readdirSync(shard()).filter((name) => name.endsWith('.engram'));
    const left = ['.ahead', '.damaged', '.4711.tmp', '.tmp'].map((ending) => generation + ending);
    for (const name of [...left, 'notes.txt', `${generation}.backup`]) writeFileSync(join(shard(), name), 'x');
    expect((await call('--quiet', '--fresh')).code).toBe(0);
    const names = readdirSync(shard());
    expect(names.filter((name) => left.includes(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining([generation, 'notes.txt', `${generation}.backup`]));
  });

  test('takes nothing from under a run that is at work', async () => {
    await call('--quiet');
    const unlock = await new FileStore(at('state')).lock('log');
    const { code, err } = await call('--fresh');
    expect(code).toBe(1);
    said(err, /no other run works on/);
    expect(readdirSync(shard()).some((name) => name.endsWith('.engram'))).toBe(true);
    await unlock();
    expect((await call('--quiet', '--fresh')).code).toBe(0);
    expect(existsSync(join(shard(), 'lock'))).toBe(false);
  });
});
