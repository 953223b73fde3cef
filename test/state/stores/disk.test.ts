import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cannotSync, codeOf, nodeDisk } from '../../../state/stores/disk.js';

describe('nodeDisk', () => {
  test('does what a store asks of it', async () => {
    const root = mkdtempSync(join(tmpdir(), 'engram-disk-'));
    const folder = join(root, 'a/b/c');
    await nodeDisk.makeFolder(folder);
    await nodeDisk.makeFolder(folder);
    await nodeDisk.write(join(folder, 'x'), new Uint8Array(3_000_000).fill(7));
    await nodeDisk.write(join(folder, 'x'), Uint8Array.of(1, 2));
    await nodeDisk.write(join(folder, 'y'), Uint8Array.of(3));
    await nodeDisk.rename(join(folder, 'x'), join(folder, 'y'));
    await nodeDisk.syncFolder(folder);
    expect(await nodeDisk.list(folder)).toEqual(['y']);
    expect([...readFileSync(join(folder, 'y'))]).toEqual([1, 2]);
    expect([...(await nodeDisk.read(join(folder, 'y')))]).toEqual([1, 2]);
    await nodeDisk.remove(join(folder, 'y'));
    expect(await nodeDisk.list(folder)).toEqual([]);
    const codes = [
      nodeDisk.read(join(folder, 'y')),
      nodeDisk.list(join(root, 'no')),
      nodeDisk.syncFolder(join(root, 'no')),
    ];
    expect(await Promise.all(codes.map((act) => act.catch(codeOf)))).toEqual(['ENOENT', 'ENOENT', 'ENOENT']);
    rmSync(root, { recursive: true });
  });

  test('a folder that the system has no way to sync is no failure; a disk that fails is', () => {
    expect(['EPERM', 'EISDIR', 'EACCES'].map((code) => cannotSync(code, 'win32'))).toEqual([true, true, true]);
    expect(['EPERM', 'EACCES', 'EIO', 'ENOSPC', undefined].some((code) => cannotSync(code, 'linux'))).toBe(false);
    expect(['EIO', 'ENOSPC', undefined].some((code) => cannotSync(code, 'win32'))).toBe(false);
    expect(cannotSync('EINVAL', 'linux')).toBe(true);
  });
});
