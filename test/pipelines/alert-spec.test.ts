import { describe, expect, test } from 'vitest';
import { alertSinksOf, parseAlerts, parseRule, parseSilences, withAlerts } from '../../pipelines/alert-spec.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { shipped } from '../../pipelines/shipped.js';
import { parseSpec, pipelineOf } from '../../pipelines/spec.js';

const rules = [{ name: 'any' }];
const canary = 'canary-s3cret';

describe('a section that is wrong is refused with its place', () => {
  test.each([
    [{}, 'alerts: rules: expected a list, it is missing'],
    [{ rules: [] }, 'alerts: rules: expected a list of at least 1, got []'],
    [{ rules, rooutes: [] }, 'alerts: rooutes: expected one of rules, detector'],
    [{ rules: [{ name: 'a', minDuration: 1 }] }, 'rules[0].minDuration: expected one of name, match'],
    [{ rules: [{ name: 'a' }, { name: 'a' }] }, 'rules[1].name: expected another name'],
    [{ rules, sinks: { ops: 'slack' } }, 'sinks.ops: expected one kind of sink with its options'],
    [
      { rules, sinks: { ops: { slak: {} } } },
      'sinks.ops: expected one of file, webhook, slack, alertmanager, pagerduty, email, kafka, got "slak" (did you mean "slack"?)',
    ],
    [
      { rules, sinks: { ops: { webhook: { url: 'https://h.example', sekret: canary } } } },
      'sinks.ops.webhook.sekret: expected one of url, secret',
    ],
    [
      { rules, sinks: { ops: { webhook: { url: 'https://h.example', secret: { envi: 'KEY' } } } } },
      'sinks.ops.webhook.secret.envi: expected one of env, file, got something else (values of sinks are not shown) (did you mean "env"?)',
    ],
    [{ rules: [{ name: 'a', minDuratonMs: 1 }] }, 'got "minDuratonMs" (did you mean "minDurationMs"?)'],
    [{ rules, sinks: { ops: { file: {} } } }, 'sinks.ops.file.path: expected a text, it is missing'],
    [
      { rules, silences: [{ name: 's', match: {}, startsAt: 'x' }] },
      'silences[0].endsAt: expected a text, it is missing',
    ],
    [
      { rules: [{ name: 'a', match: { chanel: 'x' } }] },
      'alerts: rules[0].match.chanel: expected a label that alerts have (key, channel',
    ],
  ])('%j', (value, message) => expect(() => parseAlerts(value)).toThrow(message));

  test.each(['slack', 'webhook', 'pagerduty', 'email', 'alertmanager'])(
    'and a secret that was written into %s is not said',
    (kind) => {
      const options = {
        url: canary,
        secret: canary,
        routingKey: canary,
        password: canary,
        host: 'h',
        from: canary,
        to: [canary],
        bearer: canary,
      };
      const wrong = (fields: object): string => {
        try {
          parseAlerts({ rules, sinks: { ops: { [kind]: fields } } });
        } catch (error) {
          return (error as Error).message;
        }
        throw new Error('expected a failure');
      };
      expect(wrong(options)).toContain(`sinks.ops.${kind}`);
      expect(wrong(options)).not.toContain(canary);
      for (const [name, value] of Object.entries(options))
        expect(wrong({ [name]: value, port: canary })).not.toContain(canary);
    },
  );
});

test('names in JSON cannot reach what all objects share', () => {
  for (const text of [
    '{"rules":[{"name":"a"}],"__proto__":{"polluted":1}}',
    '{"rules":[{"name":"a","labels":{"__proto__":"x"}}]}',
    '{"rules":[{"name":"a","match":{"constructor":"x"}}]}',
    '{"rules":[{"name":"a"}],"keyLabels":"{__proto__}/{prototype}"}',
  ]) {
    try {
      withAlerts(pipelineOf(shipped.light as never) as never, parseAlerts(JSON.parse(text)));
    } catch {
      // Refused or passed over: either is right.
    }
  }
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

describe('a pipeline in JSON with alerts', () => {
  const spec = { ...shipped.light, alerts: { rules, keyLabels: '{site}/{machine}' } };
  test('has one step more, which its identity says nothing of', () => {
    const made = pipelineOf(parseSpec(spec));
    expect(made.stages.map(({ id }) => id).at(-1)).toBe('alert');
    expect(made.stages.at(-1)?.aside).toBe(true);
    expect(made.alerts).toEqual(spec.alerts);
  });

  test('is refused with the place in it', () =>
    expect(() => parseSpec({ ...spec, alerts: { rules: [{}] } }, 'mine.json')).toThrow(
      'mine.json: alerts: rules[0].name: expected a text, it is missing',
    ));

  test('needs anomalies to make alerts of', () =>
    expect(() => withAlerts(pipeline('empty') as never, { rules })).toThrow(
      'empty: alerts: expected a step episode in the pipeline empty',
    ));

  test('made by code is held to the same labels', () => {
    const plain = pipelineOf(parseSpec(shipped.light));
    const wrong = [{ name: 'any', match: { sites: 'north' } }];
    expect(() => withAlerts(plain as never, { rules: wrong, keyLabels: '{site}/{machine}' })).toThrow(
      /alerts: rules\[0\].match.sites: .* got "sites" \(did you mean "site"\?\)$/,
    );
  });
});

test('sinks are made by name, and one that cannot be made is told by its name and without its secrets', async () => {
  expect(Object.keys(await alertSinksOf({ rules, sinks: { a: { file: { path: 'x' } } } }))).toEqual(['a']);
  expect(await alertSinksOf({ rules })).toEqual({});
  process.env.ALERT_SPEC_URL = `https://169.254.169.254/${canary}`;
  const inner = alertSinksOf({ rules, sinks: { chat: { slack: { url: { env: 'ALERT_SPEC_URL' } } } } });
  await expect(inner).rejects.toThrow(/^alerts.sinks.chat: 169.254.169.254: expected a public address/);
  await expect(inner).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining(canary) }));
  delete process.env.ALERT_SPEC_URL;
  await expect(
    alertSinksOf({ rules, sinks: { chat: { slack: { url: { env: 'ALERT_SPEC_NONE' } } } } }),
  ).rejects.toThrow('alerts.sinks.chat: expected a secret in the environment variable ALERT_SPEC_NONE');
});

test('a rule and silences alone', () => {
  expect(parseRule({ name: 'a', minDurationMs: 5 }, 'rule.json')).toEqual({ name: 'a', minDurationMs: 5 });
  expect(() => parseRule({ nme: 'a' }, 'rule.json')).toThrow('rule.json: nme: expected one of name, match');
  expect(parseSilences([], 's.json')).toEqual([]);
  expect(() => parseSilences([{}], 's.json')).toThrow(/s.json: silences\[0\].name/);
});
