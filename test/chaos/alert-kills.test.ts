import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Alert } from '../../event.js';
import { chance } from '../chance.js';
import { alertOf, Receiver } from '../connectors/alerts/server.js';

const here = dirname(fileURLToPath(import.meta.url));
const seed = 11;
/** More by `ENGRAM_CHAOS=long`. */
const long = process.env.ENGRAM_CHAOS === 'long';
const [kills, alerts] = long ? [100, 4000] : [4, 300];

beforeAll(() => {
  execFileSync(process.execPath, [join(here, '../../scripts/build.mjs'), '--quiet'], { stdio: 'inherit' });
}, 300_000);

/** Runs the worker until it is done, or kills it so long after it has begun to work; true when it was done. */
function work(folder: string, port: number, killAfterMs?: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(here, 'alert-worker.mjs'), folder, String(port), String(alerts)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (part) => {
    said += String(part);
    if (killAfterMs !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  return new Promise((resolve) => {
    child.on('exit', () => {
      clearTimeout(timer);
      resolve(said.includes('done'));
    });
  });
}

test(`killed ${kills} times while it hands on, nothing is lost, a file holds nothing twice, and what comes twice has its old id (seed ${seed})`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engram-kills-'));
  writeFileSync(join(folder, 'alert.json'), JSON.stringify(alertOf()));
  const receiver = await Receiver.start();
  const random = chance(seed);
  // Now and then it is busy: what was sent must come again.
  receiver.reply = () => (random() < 0.2 ? { status: 503 } : { status: 200 });
  let hit = 0;
  for (let kill = 0; kill < kills; kill++) {
    const before = receiver.asked.length;
    const done = await work(folder, receiver.port, 20 + random() * 300);
    if (!done && receiver.asked.length > before) hit++;
  }
  // Kills that come before the work or after it show nothing.
  expect(hit).toBeGreaterThanOrEqual(Math.min(kills / 2, 20));
  expect(await work(folder, receiver.port)).toBe(true);
  const wanted = Array.from({ length: alerts }, (_, i) => `a${i}`);

  const lines = readFileSync(join(folder, 'alerts.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Alert);
  const changes = lines.map(({ id, revision }) => `${id} ${revision}`);
  expect(new Set(changes).size).toBe(changes.length);
  expect(changes).toHaveLength(2 * alerts);
  for (let k = 0; k < 5; k++) {
    const own = lines
      .filter(({ key }) => key === `k${k}`)
      .map(({ id, revision }) => 10 * Number(id.slice(1)) + revision);
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }

  const told = (receiver.bodies as { id: string; alerts: Alert[] }[]).map((body) => ({
    ...body,
    changes: body.alerts.map(({ id, revision }) => `${id} ${revision}`),
  }));
  expect(new Set(told.flatMap((body) => body.alerts.map(({ id }) => id)))).toEqual(new Set(wanted));
  const byId = new Map<string, string>();
  for (const { id, changes } of told) {
    const text = JSON.stringify(changes);
    expect(byId.get(id) ?? text).toBe(text);
    byId.set(id, text);
  }
  await receiver.close();
}, 600_000);
