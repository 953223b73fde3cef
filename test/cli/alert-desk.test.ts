import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../connectors/alerts/webhook.js';
import { Secret } from '../../connectors/kafka/secret.js';
import { type Alert, type Anomaly, severities } from '../../event.js';
import { sensorAnomaly } from '../../pipelines/sensor-anomaly.js';
import { chance } from '../chance.js';
import { Receiver } from '../connectors/alerts/server.js';
import { normal } from '../operators/harness.js';
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

  test('an alert leads to its anomaly by key and start, and outlasts it by the rows that close it', async () => {
    await replay('--alerts', JSON.stringify(section()), '--state', at('state'), '--out', at('anomalies.ndjson'));
    const lines = readFileSync(at('anomalies.ndjson'), 'utf8').trimEnd().split('\n');
    const anomalies = lines.map((line) => JSON.parse(line) as Anomaly);
    const ended = linesOf('alerts.ndjson').filter(({ status, episodes }) => status === 'resolved' && episodes === 1);
    expect(ended.length).toBeGreaterThan(0);
    for (const { key, startsAt, endsAt = '', timeMs } of ended) {
      const own = anomalies.filter((one) => one.key === key && one.startMs === Date.parse(startsAt));
      expect(own).toHaveLength(1);
      const [{ endMs }] = own as [Anomaly];
      expect(Date.parse(endsAt)).toBeGreaterThanOrEqual(endMs);
      // Rows every half hour.
      expect((timeMs - endMs) / 1_800_000).toBeGreaterThanOrEqual(24);
    }
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
      /ops: \d+ changes? of alerts not handed on \(127.0.0.1: ECONNREFUSED\), kept in .*state\/alerts\/ops: the same command sends them/,
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
    expect(out).toMatch(/ops: \d+ changes? of alerts not handed on \(127\.0\.0\.1: answered 401\), kept in/);
    hook.reply = () => ({ status: 200 });
    hook.asked.length = 0;
    expect((await replay(...args)).out).not.toContain('not handed on');
    const told = (hook.bodies as { alerts: Alert[] }[]).flatMap(({ alerts }) => alerts.map(({ id }) => id));
    expect(new Set(told)).toEqual(new Set(linesOf('alerts.ndjson').map(({ id }) => id)));
  });

  test('tells what the preview counts, and what fired an hour before a silence began, which a live run would have told', async () => {
    const told = () =>
      (hook.bodies as { alerts: Alert[] }[]).map(({ alerts }) => alerts.map(({ id, revision }) => `${id} ${revision}`));
    await replay('--alerts', JSON.stringify(section()), '--state', at('state'));
    const { out } = await engram([
      ...['alerts', 'preview', at('log.csv'), '--pipeline', 'light', '--rule', '{"name": "any"}', '--json'],
    ]);
    const preview = JSON.parse(out) as { rules: { messages: number; alerts: number; told: number }[] };
    expect(told().length).toBeGreaterThan(2);
    expect(preview.rules[0]).toMatchObject({ messages: told().length, told: preview.rules[0]?.alerts });
    const before = told();
    hook.asked.length = 0;
    // An hour behind the first change of the log on: all that comes later is silenced, but not what was told.
    const [first] = linesOf('alerts.ndjson') as [Alert];
    const startsAt = new Date(first.timeMs + 3_600_000).toISOString();
    const silences = [{ name: 'later', match: { key: '*' }, startsAt, endsAt: '2030-01-01T00:00:00Z' }];
    rmSync(at('alerts.ndjson'));
    await replay('--alerts', JSON.stringify(section({ silences })), '--state', at('other'));
    expect(told()[0]).toEqual(before[0]);
    expect(told().length).toBeLessThan(before.length);
    expect(
      new Set(
        told()
          .flat()
          .map((change) => change.split(' ')[0]),
      ),
    ).toEqual(new Set([first.id]));
  });

  test('stopped again and again and gone on with it makes the same deliveries, each once', async () => {
    const ids = () => hook.asked.map(({ headers }) => headers['engram-delivery']);
    const args = (state: string) => [
      '--alerts',
      JSON.stringify(section({ sinks: { ops: section().sinks.ops } })),
      '--state',
      at(state),
    ];
    await replay(...args('calm'));
    const calm = ids();
    expect(calm.length).toBeGreaterThan(3);
    hook.asked.length = 0;
    const again = ['replay', at('log.csv'), '--pipeline', 'light', ...args('stormy')];
    let stops = 0;
    // Each run has longer than the one before, so that one of them comes to the end.
    const later = (press: () => void) => void setTimeout(press, 10 * (1 + stops));
    while (stops < 100 && (await engram(again, { interrupt: later })).code !== 0) stops++;
    expect(stops).toBeGreaterThan(1);
    expect(ids()).toEqual(calm);
  });

  test.each([
    // The crowd is known two rows after it has moved: within the wait, or a wait that is long enough.
    ['', 10, {}],
    ['', 60, { routes: [{ waitMs: 180_000 }] }],
    // One key was dead long before, and its alert is open.
    [', one key dead', 10, {}],
  ])(
    'a jump of all keys at once%s, rows every %d s, is one message with one alert, and one end; the record has all, linked',
    async (dead, seconds, routes) => {
      const draw = normal(chance(8));
      const [keys, rows, jump] = [14, 520, 450];
      const lines = ['key,time,value'];
      for (let row = 0; row < rows; row++) {
        const time = new Date(Date.UTC(2026, 0, 1) + row * seconds * 1000).toISOString();
        const more = row >= jump && row < jump + 3 ? 15 : 0;
        for (let key = dead && row >= 250 ? 1 : 0; key < keys; key++)
          lines.push(`machine-${key},${time},${(20 + draw() + more).toFixed(3)}`);
      }
      writeFileSync(at('jump.csv'), `${lines.join('\n')}\n`);
      // The shipped pipeline, with a memory that makes the test quick.
      const quick = JSON.stringify(sensorAnomaly).replace('"memory":"default"', '"memory":"last-value"');
      writeFileSync(at('sensor.json'), quick);
      const log = [at('jump.csv'), '--key', 'key', '--time', 'time', '--pipeline', at('sensor.json')];
      const args = ['--alerts', JSON.stringify(section(routes)), '--state', at('state')];
      expect((await engram(['replay', ...log, ...args])).code).toBe(0);
      const jumpedMs = Date.UTC(2026, 0, 1) + jump * seconds * 1000;
      const ofJump = ({ startsAt }: Alert): boolean => Date.parse(startsAt) >= jumpedMs - seconds * 1000;
      const all = linesOf('alerts.ndjson');
      const record = all.filter(ofJump);
      const fires = all.filter(({ key, direction }) => key === 'machine-0' && direction === 'missing');
      expect([...new Set(fires.map(({ status }) => status))]).toEqual(dead ? ['firing'] : []);
      const crowd = record.filter(({ together }) => together);
      const own = new Set(record.filter(({ together }) => !together).map(({ key }) => key));
      expect(own.size).toBeGreaterThan(5);
      expect(crowd.map(({ status }) => status)).toEqual(['firing', 'resolved']);
      const ends = record.filter(({ status, together }) => status === 'resolved' && !together);
      expect(new Set(ends.map(({ partOf }) => partOf))).toEqual(new Set([crowd[0]?.id]));
      // Of each message what the jump has put into it.
      const bodies = (hook.bodies as { alerts: Alert[] }[])
        .map(({ alerts }) => ({ alerts: alerts.filter(ofJump) }))
        .filter(({ alerts }) => alerts.length > 0);
      // Beside the dead key one goes on for seven minutes after the many, and is told by itself then.
      const outlast = dead ? 1 : 0;
      expect(bodies).toHaveLength(2 + outlast);
      expect(bodies.slice(0, 2).map(({ alerts }) => alerts.map(({ id, status }) => [id, status]))).toEqual([
        [[crowd[0]?.id, 'firing']],
        [[crowd[0]?.id, 'resolved']],
      ]);
      expect(bodies[0]?.alerts[0]?.summary).toContain(`${own.size} keys have alarms of their own: machine-`);
      const worst = (alerts: readonly Alert[]) =>
        Math.max(...alerts.map(({ severity }) => severities.indexOf(severity)));
      expect(worst(bodies[1]?.alerts ?? [])).toBe(worst(record));
      const { out } = await engram(['alerts', 'preview', ...log, '--rule', '{"name": "any"}', '--json']);
      const preview = JSON.parse(out) as { rules: { messages: number; alerts: number; told: number }[] };
      // It asks with the times of the default route.
      if (seconds > 10) return;
      expect(preview.rules[0]?.messages).toBe(hook.asked.length);
      expect(preview.rules[0]?.alerts).toBe((preview.rules[0]?.told ?? 0) + own.size - outlast);
    },
    60_000,
  );

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
      '--alerts: sinks.x: 10.0.0.1: expected a public address',
    ],
  ])('a section that is wrong is told as such: %s', async (alerts, message) => {
    const { code, err } = await replay('--alerts', alerts);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test.each([
    [{ rules: [{}] }, 'rules[0].name: expected a text, it is missing'],
    [{ rules: [{ name: 'a' }], keyLabels: '{key}' }, 'keyLabels: expected another label than key'],
    [{ rules: [{ name: 'a' }], sinks: { x: { slack: { url: { env: 'NO_SUCH' } } } } }, 'sinks.x: expected a secret'],
    [
      { rules: [{ name: 'a' }], sinks: { x: { file: { path: 'x' } } }, routes: [{ sinks: ['y'] }] },
      'routes[0].sinks: ',
    ],
  ])('whatever is wrong in a file is told with its name: %j', async (alerts, message) => {
    writeFileSync(at('a.json'), JSON.stringify(alerts));
    expect((await replay('--alerts', at('a.json'))).err).toContain(`${at('a.json')}: ${message}`);
    const light = { name: 'mine', stages: [{ normalize: {} }, { remember: { memory: 'last-value', horizons: [1] } }] };
    const stages = [...light.stages, { interval: {} }, { detect: {} }, { episode: {} }];
    writeFileSync(at('mine.json'), JSON.stringify({ ...light, stages, alerts }));
    const { err } = await engram(['replay', at('log.csv'), '--pipeline', at('mine.json')]);
    expect(err).toMatch(/mine(\.json)?: alerts: /);
    expect(err).toContain(`alerts: ${message}`);
    writeFileSync(at('bare.json'), JSON.stringify({ ...light, stages: stages.filter((step) => !('episode' in step)) }));
    const bare = await engram([
      'replay',
      at('log.csv'),
      '--pipeline',
      at('bare.json'),
      '--alerts',
      '{"rules":[{"name":"a"}]}',
    ]);
    expect(bare.err).toContain('--alerts: expected a step episode in the pipeline mine');
  });
});
