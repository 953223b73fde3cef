import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

test('killed around a swap and its roll back, a replay writes the same bytes', { timeout: 120_000 }, () => {
  const args = ['--scenarios', 'contested', '--kills', '3', '--seed', '5'];
  const text = execFileSync(process.execPath, [join(root, 'dist/bench/chaos-replay.js'), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(JSON.parse(text)).toMatchObject({ kills: 3, differing: [] });
});
