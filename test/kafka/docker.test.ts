import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { dockerArguments, launchInDocker } from './docker.js';

const broker = { version: '4.1.1', port: 12_345, properties: { 'group.min.session.timeout.ms': '1000' } };

test('the call names port, image and settings as the image reads them', () => {
  const args = dockerArguments(broker);
  expect(args.slice(0, 6)).toEqual([
    ...['run', '--rm', '--name', 'engram-kafka-12345', '--publish', '127.0.0.1:12345:12345'],
  ]);
  expect(args.at(-1)).toBe('apache/kafka:4.1.1');
  const settings = args.filter((_, i) => args[i - 1] === '--env');
  expect(settings).toContain('KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS=1000');
  expect(settings).toContain('KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:12345');
  expect(settings.every((one) => /^KAFKA_[A-Z_]+=/.test(one))).toBe(true);
});

test('the container is asked to end when the process it was begun for has gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engram-docker-'));
  const log = join(folder, 'log.txt');
  writeFileSync(
    join(folder, 'docker'),
    `#!/bin/sh\necho "called $*"\ntrap 'echo asked to end > "${folder}/ended"; exit 0' TERM\nwhile :; do sleep 0.1; done\n`,
    { mode: 0o755 },
  );
  const before = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${before}`;
  const { spawn } = await import('node:child_process');
  const owner = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  const file = openSync(log, 'a');
  try {
    launchInDocker(broker, owner.pid ?? 0, mkdtempSync(join(tmpdir(), 'engram-docker-data-')), file);
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 30_000 }).toContain('called run --rm');
    owner.kill('SIGKILL');
    await expect
      .poll(() => readFileSync(join(folder, 'ended'), 'utf8').trim(), { timeout: 30_000 })
      .toBe('asked to end');
  } finally {
    process.env.PATH = before;
    owner.kill('SIGKILL');
    closeSync(file);
  }
});
