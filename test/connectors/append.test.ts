import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AppendFile } from '../../connectors/append.js';
import { folder } from './collect.js';

const at = folder();

test('grows, is cut back, and grows again', async () => {
  const path = join(at, 'a');
  const file = new AppendFile(path);
  await file.open(0);
  await file.append('héllo');
  await file.append(Uint8Array.of(33, 33));
  expect(await file.sync()).toBe(8);
  await file.close();
  const again = new AppendFile(path);
  await again.open(6);
  await again.append('?');
  expect(again.bytes).toBe(7);
  expect(readFileSync(path, 'utf8')).toBe('héllo?');
  await again.remove();
  expect(existsSync(path)).toBe(false);
});

test('is refused where it is shorter than said, or not open', async () => {
  await expect(new AppendFile(join(at, 'b')).open(1)).rejects.toThrow('expected at least 1 bytes');
  await expect(new AppendFile(join(at, 'c')).append('x')).rejects.toThrow('call open first');
});
