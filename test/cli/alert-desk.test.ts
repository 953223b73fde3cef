import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../connectors/alerts/webhook.js';
import { Secret } from '../../connectors/kafka/secret.js';
import type { Alert } from '../../event.js';
import { Receiver } from '../connectors/alerts/server.js';
import { dailyCsv, engram, folder } from './command.js';

const run = promisify(execFile);
let here: string;
let hook: Receiver;
const at = (name: string): string => join(here, name);
const canary = 'canary-hmac-key';
beforeEach(async () => {
  here = folder();
  hook = await Receiver.start();
  process.env.ALERT_DESK_KEY = canary;
  writeFileSync(at('log.csv'), dailyCsv(600, { spike: 500 }));
});
afterEach(async () => {
  delete process.env.ALERT_DESK_KEY;
  await hook.close();
});
const section = (more: object = {}) => ({
  rules: [{ name: 'any' }],
  sinks: {
    file: { file: { path: at('alerts.ndjson') } },
    ops: { webhook: { url: hook.url(), secret: { env: 'ALERT_DESK_KEY' }, allow: hook.allow } },
  },
  drainMs: 1500,
  ...more,
});
const linesOf = (name: string): Alert[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Alert);
const replay = (...more: string[]) => engram(['replay', at('log.csv'), '--pipeline', 'light', ...more]);

describe('engram replay --alerts', () => {
  test('tells alerts to a file and a signed webhook before it ends, and says so', async () => {
    const { code, out, err } = await replay('--alerts', JSON.stringify(section()), '--state', at('state'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const alerts = linesOf('alerts.ndjson');
    const fired = alerts.filter(({ revision }) => revision === 1);
    expect(fired.length).toBeGreaterThan(0);
    expect(fired.map(({ startsAt }) => startsAt)).toContain('2024-01-11T10:00:00.000Z');
    expect(out).toContain(`${fired.length} alert${fired.length === 1 ? '' : 's'} fired`);
    const told = (hook.bodies as { alerts: Alert[] }[]).flatMap((body) => body.alerts.map(({ id }) => id));
    expect(new Set(told)).toEqual(new Set(fired.map(({ id }) => id)));
    for (const { headers, body } of hook.asked) expect(verifyWebhook(new Secret(canary), headers, body)).toBe(true);
  });

  test('replayed afresh it tells nothing again; the ids are the same', async () => {
    const args = ['--alerts', JSON.stringify(section()), '--state', at('state')];
    await replay(...args);
    const before = readFileSync(at('alerts.ndjson'), 'utf8');
    const asked = hook.asked.length;
    await replay(...args, '--fresh');
    expect(readFileSync(at('alerts.ndjson'), 'utf8')).toBe(before);
    expect(hook.asked).toHaveLength(asked);
  });

  test('added to a state that was begun without, it goes on; the outputs are those without alerts', async () => {
    const whole = dailyCsv(700, { spike: 650 });
    writeFileSync(at('log.csv'), `${whole.split('\n').slice(0, 601).join('\n')}\n`);
    await replay('--state', at('state'), '--out', at('f.ndjson'));
    writeFileSync(at('log.csv'), whole);
    const { code, err } = await replay(
      '--state',
      at('state'),
      '--out',
      at('f.ndjson'),
      '--alerts',
      JSON.stringify(section()),
    );
    expect(err).toMatch(/going on at row 600/);
    expect(code).toBe(0);
    expect(linesOf('alerts.ndjson').map(({ source }) => source.offset)).toContain(650);
    await replay('--state', at('other'), '--out', at('g.ndjson'));
    expect(readFileSync(at('f.ndjson')).equals(readFileSync(at('g.ndjson')))).toBe(true);
  });

  test('a receiver that is away costs nothing but its alerts, which wait; the next run hands them on', async () => {
    const { port } = hook;
    await hook.close();
    const args = ['--alerts', JSON.stringify(section({ drainMs: 200 })), '--state', at('state')];
    const { code, out } = await replay(...args);
    expect(code).toBe(0);
    expect(out).toMatch(
      /ops: \d+ changes? not handed on \(127.0.0.1: ECONNREFUSED\); the same command goes on with them/,
    );
    hook = await Receiver.start(port);
    expect((await replay(...args)).code).toBe(0);
    expect(hook.asked.length).toBeGreaterThan(0);
  });

  test('without a state folder what cannot be handed on is an error, not a silence', async () => {
    await hook.close();
    const { code, err } = await replay('--alerts', JSON.stringify(section({ drainMs: 1500 })));
    expect(code).toBe(1);
    expect(err).toContain('expected ops to take everything before the end, without --state');
    hook = await Receiver.start();
  });

  test('secrets are in no output, no error and no file of the run', async () => {
    hook.reply = ({ headers }) => ({ status: 500, body: `you said ${String(headers['engram-signature'])}` });
    const secrets = { url: hook.url('/canary-path'), secret: { env: 'ALERT_DESK_KEY' }, allow: hook.allow };
    const spec = section({
      drainMs: 200,
      sinks: { file: { file: { path: at('alerts.ndjson') } }, ops: { webhook: secrets } },
    });
    const { out, err } = await replay(
      '--alerts',
      JSON.stringify(spec),
      '--state',
      at('state'),
      '--report',
      at('r.html'),
      '--verbose',
    );
    const { stdout } = await run('grep', ['-rlE', 'canary-hmac-key', here]).catch((error: { stdout: string }) => error);
    expect(out + err).not.toMatch(/canary/);
    expect(stdout).toBe('');
    expect(existsSync(at('state/alerts/ops'))).toBe(true);
  });

  test.each([
    ['{"rules":[]}', 'rules: expected a list of at least 1'],
    ['{', 'the JSON: expected JSON'],
    ['/nowhere.json', '/nowhere.json: expected a JSON file or JSON, it cannot be read (ENOENT)'],
    [
      '{"rules":[{"name":"a"}],"sinks":{"x":{"webhook":{"url":"https://10.0.0.1","secret":{"env":"ALERT_DESK_KEY"}}}}}',
      'alerts.sinks.x: 10.0.0.1: expected a public address',
    ],
  ])('a section that is wrong is told as such: %s', async (alerts, message) => {
    const { code, err } = await replay('--alerts', alerts);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
