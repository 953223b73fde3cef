import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readSecret, Secret } from '../../../connectors/kafka/secret.js';

const canary = 'canary-7f3a';

test('a secret shows as *** wherever it may be printed', () => {
  const secret = new Secret(canary);
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }, { depth: 9, showHidden: true }),
    format('%s %o %j', secret, secret, secret),
    Object.entries(secret).join(),
    new Error(`failed with ${secret}`).stack ?? '',
  ];
  for (const text of shown) expect(text).not.toContain(canary);
  expect(secret.reveal()).toBe(canary);
});

test('it is read from the environment or a file, and a missing one is named without any value', () => {
  const folder = mkdtempSync(join(tmpdir(), 'engram-secret-'));
  const file = join(folder, 'password');
  writeFileSync(file, `${canary}\n`);
  expect(readSecret({ file }).reveal()).toBe(canary);
  expect(readSecret({ env: 'PW' }, { PW: canary }).reveal()).toBe(canary);
  expect(readSecret(new Secret(canary)).reveal()).toBe(canary);
  expect(() => readSecret({ env: 'PW' }, { OTHER: canary })).toThrow(/environment variable PW, which is not set/);
  expect(() => readSecret({ file: join(folder, 'none') })).toThrow(/cannot be read \(ENOENT\)/);
  writeFileSync(file, '\n');
  expect(() => readSecret({ file })).toThrow(/is empty/);
});
