import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStore } from '../../../state/stores/file.js';
import { FolderHeld, holdFolder } from '../../../state/stores/lock.js';

const folder = () => mkdtempSync(join(tmpdir(), 'engram-lock-'));

test('a held folder is refused until it is given back', async () => {
  const at = folder();
  const give = await holdFolder(at);
  await expect(holdFolder(at)).rejects.toThrow(FolderHeld);
  await expect(holdFolder(at)).rejects.toThrow(`process ${process.pid}`);
  await give();
  await (await holdFolder(at))();
  expect(existsSync(join(at, 'lock'))).toBe(false);
});

test('a holder that was killed is taken over, one that lives is not', async () => {
  const at = folder();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const began = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')[19];
  writeFileSync(join(at, 'lock'), JSON.stringify({ host: hostname(), pid: child.pid, began }));
  await expect(holdFolder(at)).rejects.toThrow(FolderHeld);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await holdFolder(at))();
});

test('the number of a dead process that another one has got is no holder', async () => {
  const at = folder();
  writeFileSync(join(at, 'lock'), JSON.stringify({ host: hostname(), pid: process.pid, began: '1' }));
  await (await holdFolder(at))();
});

test('a lock that was cut off while it was written is taken over', async () => {
  const at = folder();
  writeFileSync(join(at, 'lock'), '{"ho');
  await (await holdFolder(at))();
});

test('a holder on another machine is alive while it touches its lock', async () => {
  const at = folder();
  const path = join(at, 'lock');
  writeFileSync(path, JSON.stringify({ host: 'elsewhere', pid: 1, began: '' }));
  await expect(holdFolder(at)).rejects.toThrow('process 1 on elsewhere');
  utimesSync(path, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
  await (await holdFolder(at))();
});

test('shards of one store are held one by one', async () => {
  const at = folder();
  const [one, two] = [new FileStore(at), new FileStore(at)];
  const give = await one.lock('a');
  await (await two.lock('b'))();
  await expect(two.lock('a')).rejects.toThrow(FolderHeld);
  await give();
});
