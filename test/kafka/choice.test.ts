import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { chooseBroker } from './choice.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const run = promisify(execFile);

/** A PATH with these commands and nothing else; each is a script. */
function pathWith(commands: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'engram-path-'));
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const nowhere = '/nowhere';
const docker = 'exit 0';

test('a named cluster goes before all, Java with Maven or kept jars before Docker', () => {
  const PATH = pathWith({ java: '', mvn: '', docker });
  expect(chooseBroker({ PATH, KAFKA_BROKERS: 'a:1,b:2' })).toEqual({ kind: 'named', addresses: ['a:1', 'b:2'] });
  expect(chooseBroker({ PATH }, nowhere)).toEqual({ kind: 'java' });
  expect(chooseBroker({ PATH: pathWith({ java: '', docker }) }, tmpdir())).toEqual({ kind: 'java' });
});

test('Docker where Java or Maven is missing, if its engine answers', () => {
  expect(chooseBroker({ PATH: pathWith({ docker }) }, nowhere)).toEqual({ kind: 'docker' });
  expect(chooseBroker({ PATH: pathWith({ java: '', docker }) }, nowhere)).toEqual({ kind: 'docker' });
  const silent = chooseBroker({ PATH: pathWith({ java: '', docker: '[ "$1" = info ] && exit 1' }) }, nowhere);
  expect(silent).toEqual({
    kind: 'none',
    why: 'Maven is not on the PATH and /nowhere not there; Docker is on the PATH, but its engine does not answer',
  });
});

test('nothing there is told with all reasons', () => {
  const choice = chooseBroker({ PATH: '' }, nowhere);
  expect(choice.kind === 'none' && choice.why).toMatch(/^Java 17 is not.*; Maven is not.*; Docker is not on the PATH$/);
});

/** The test of the broker as `npm test` runs it, with this PATH and whatever else is said. */
async function runTests(env: Readonly<Record<string, string>>): Promise<{ code: number; text: string }> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', 'test/kafka/broker.test.ts'];
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/VITEST|KAFKA|^CI$/.test(name)));
  return run(process.execPath, args, { cwd: root, env: { ...clean, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, text: stdout + stderr }),
  );
}

test('without a broker tests are left out loudly, with how to get one; under CI they fail', async () => {
  const PATH = pathWith({});
  symlinkSync(process.execPath, join(PATH, 'node'));
  const told = /LEFT OUT, Java 17 is not on the PATH.*Install Java 17 and Maven, or start Docker, or name a cluster/;
  const local = await runTests({ PATH });
  expect(local.text).toMatch(told);
  expect(local.code).toBe(0);
  const checked = await runTests({ PATH, CI: 'true' });
  expect(checked.text).toMatch(told);
  expect(checked.code).toBe(1);
});
