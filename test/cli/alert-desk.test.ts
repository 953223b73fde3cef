import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

  test.each([['with'], ['without']])(
    'what a receiver refuses is told, kept and an error, %s a state folder',
    async (how) => {
      hook.reply = () => ({ status: 400 });
      const more = how === 'with' ? ['--state', at('state')] : [];
      const { code, out, err } = await replay('--alerts', JSON.stringify(section()), ...more);
      const told = /^ops: (\d+) changes? refused \(127\.0\.0\.1: answered 400\), kept in (.*refused\.ndjson)$/m.exec(
        out,
      );
      const [, count, place] = told ?? [];
      expect(code).toBe(1);
      expect(err).toMatch(
        /expected ops to take everything, it refused \d+ changes? .*: correct the sink; they are kept in/,
      );
      if (how === 'with') expect(place).toBe(at('state/alerts/ops/refused.ndjson'));
      const kept = readFileSync(place, 'utf8').trimEnd().split('\n');
      const refused = kept.flatMap((line) => (JSON.parse(line) as { delivery: { alerts: Alert[] } }).delivery.alerts);
      expect(refused).toHaveLength(Number(count));
      expect(new Set(refused.map(({ id }) => id))).toEqual(new Set(linesOf('alerts.ndjson').map(({ id }) => id)));
      if (how === 'without') rmSync(join(place, '../..'), { recursive: true });
    },
  );

  test('a token that is wrong costs nothing: the next run with the right one tells all', async () => {
    hook.reply = () => ({ status: 401 });
    const args = ['--alerts', JSON.stringify(section({ drainMs: 200 })), '--state', at('state')];
    const { code, out } = await replay(...args);
    expect({ code, refused: out.includes('refused') }).toEqual({ code: 0, refused: false });
    expect(out).toMatch(/ops: \d+ changes? not handed on \(127\.0\.0\.1: answered 401\); the same command goes on/);
    hook.reply = () => ({ status: 200 });
    hook.asked.length = 0;
    expect((await replay(...args)).out).not.toContain('not handed on');
    const told = (hook.bodies as { alerts: Alert[] }[]).flatMap(({ alerts }) => alerts.map(({ id }) => id));
    expect(new Set(told)).toEqual(new Set(linesOf('alerts.ndjson').map(({ id }) => id)));
  });

  test('what a full queue gives up is told', async () => {
    hook.reply = () => ({ status: 503 });
    const rules = [{ name: 'any' }, { name: 'two' }, { name: 'three' }];
    const spec = section({ rules, drainMs: 200, queue: { limit: 1 } });
    const { out } = await replay('--alerts', JSON.stringify(spec), '--state', at('state'));
    expect(out).toMatch(/^ops: \d+ changes? given up, as queue\.limit was reached$/m);
  });

  test.each([404, 503, 400])(
    'a receiver that answers %d with all it was sent gets no secret into outputs, errors or files',
    async (status) => {
      const secrets = ['TOPPATH', 'TOPHMAC', 'TOPHEADER', 'TOPROUTE', 'TOPBEARER', 'TOPWORD'];
      const place = (name: string): { env: string } => ({ env: name });
      for (const name of secrets) process.env[name] = `${name}-canary`;
      process.env.TOPPATH = hook.url('/services/TOPPATH-canary');
      hook.reply = ({ path, headers, body }) => ({
        status,
        headers: { 'x-echo': path, location: `${path}${String(headers.authorization)}` },
        body: `Cannot POST ${path} ${JSON.stringify(headers)} ${body}`,
      });
      const { allow } = hook;
      const sinks = {
        slack: { slack: { url: place('TOPPATH'), allow } },
        hooks: {
          webhook: {
            url: place('TOPPATH'),
            secret: place('TOPHMAC'),
            headers: { authorization: place('TOPHEADER'), 'x-token': place('TOPHEADER') },
            allow,
          },
        },
        pager: { pagerduty: { routingKey: place('TOPROUTE'), url: hook.url('/v2/enqueue'), allow } },
        manager: { alertmanager: { url: hook.url(), bearer: place('TOPBEARER'), allow } },
        basic: { alertmanager: { url: hook.url(), username: 'u', password: place('TOPWORD'), allow } },
      };
      const more = ['--state', at('state'), '--report', at('r.html'), '--verbose'];
      const { out, err } = await replay('--alerts', JSON.stringify(section({ drainMs: 400, sinks })), ...more);
      // What the sinks sent did hold them all, and the server did say it back.
      const sent = JSON.stringify(hook.asked);
      const word = Buffer.from('u:TOPWORD-canary').toString('base64');
      const shapes = [...secrets.filter((name) => !/HMAC|WORD/.test(name)).map((name) => `${name}-canary`), word];
      expect(shapes.filter((secret) => !sent.includes(secret))).toEqual([]);
      const signatures = hook.asked.flatMap(({ headers }) => headers['engram-signature'] ?? []).map(String);
      expect(signatures.length).toBeGreaterThan(0);
      for (const secret of [...shapes, 'TOPWORD-canary', 'TOPHMAC-canary', ...signatures]) {
        expect(out + err).not.toContain(secret);
        const { stdout } = await run('grep', ['-rlF', '--', secret, here]).catch((error: { stdout: string }) => error);
        expect(stdout).toBe('');
      }
      for (const name of Object.keys(sinks)) {
        expect(out).toContain(`${name}: `);
        expect(existsSync(at(`state/alerts/${name}`))).toBe(true);
      }
      for (const name of secrets) delete process.env[name];
    },
  );

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
