import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { beforeEach, describe, expect, test } from 'vitest';
import { sparkline } from '../../cli/alert-preview.js';
import type { Alert } from '../../event.js';
import type { Preview } from '../../pipelines/alert-preview.js';
import { shipped } from '../../pipelines/shipped.js';
import { dailyCsv, engram, folder } from './command.js';

let here: string;
const at = (name: string): string => join(here, name);
const light = ['--pipeline', 'light'];
beforeEach(() => {
  here = folder();
  writeFileSync(at('log.csv'), dailyCsv(700, { spike: 500 }));
});
const preview = (...more: string[]) => engram(['alerts', 'preview', at('log.csv'), ...light, ...more]);

describe('engram alerts preview', () => {
  test('tells what live would have: the same alerts as a replay with the same rule', async () => {
    const rule = { name: 'any' };
    const { code, out } = await preview('--rule', JSON.stringify(rule), '--json');
    expect(code).toBe(0);
    const told = JSON.parse(out) as Preview;
    const section = { rules: [rule], sinks: { file: { file: { path: at('alerts.ndjson') } } } };
    await engram([
      'replay',
      at('log.csv'),
      ...light,
      '--quiet',
      '--alerts',
      JSON.stringify(section),
      '--state',
      at('state'),
    ]);
    const live = new Map<string, Alert>();
    for (const line of readFileSync(at('alerts.ndjson'), 'utf8').trimEnd().split('\n')) {
      const { group: _, ...alert } = JSON.parse(line) as Alert;
      live.set(alert.id, { ...alert, group: null });
    }
    expect(told.alerts.length).toBeGreaterThan(0);
    expect(new Map(told.alerts.map((alert) => [alert.id, alert]))).toEqual(live);
  });

  test.each([
    [['--from', '2025-01-01'], 'from 2025-01-01 00:00 to its end'],
    [['--from', '2023-01-01', '--to', '2023-02-01'], 'from 2023-01-01 00:00 to 2023-02-01 00:00'],
  ])('a time without rows is told with the time of the log: %j', async (more, asked) => {
    const { code, out } = await preview('--rule', '{"name": "any"}', ...more);
    expect([code, out]).toEqual([
      0,
      `No rows ${asked}, so no alerts: the log has rows from 2024-01-01 00:00 to 2024-01-15 13:30 UTC. ` +
        'Name a time within that with --from and --to.\n',
    ]);
  });

  test('shows a table, a line of bars and the keys', async () => {
    const { out } = await preview('--rule', '[{"name": "any"}, {"name": "bad", "severity": "major"}]');
    expect(out).toContain('Would have fired, 2024-01-01 00:00 to 2024-01-15 13:30 UTC (15 days):');
    expect(out).toMatch(/^any +\d+ +/m);
    expect(out).toMatch(/^any, a day: {2}[·▁▂▃▄▅▆▇█]{15} {2}\(highest: \d+\)$/m);
    expect(out).toMatch(/^2024-01-11 +[1-9]/m);
    expect(out).toMatch(/^log +\d+ +100 %/m);
  });

  test('counts only the time that was asked for, and learns from all before it', async () => {
    const { out } = await preview(
      '--rule',
      '{"name": "any"}',
      '--from',
      '2024-01-11',
      '--to',
      '2024-01-11T23:59:59Z',
      '--json',
    );
    const told = JSON.parse(out) as Preview;
    expect(told.days).toHaveLength(1);
    expect(told.alerts.every(({ startsAt }) => startsAt.startsWith('2024-01-11'))).toBe(true);
    expect(told.alerts.length).toBeGreaterThan(0);
  });

  test('reads stored anomalies too', async () => {
    await engram(['replay', at('log.csv'), ...light, '--quiet', '--out', at('anomalies.ndjson')]);
    const { code, out } = await engram([
      'alerts',
      'preview',
      at('anomalies.ndjson'),
      '--rule',
      '{"name": "any"}',
      '--json',
    ]);
    expect(code).toBe(0);
    const stored = readFileSync(at('anomalies.ndjson'), 'utf8').trimEnd().split('\n').length;
    expect((JSON.parse(out) as Preview).alerts).toHaveLength(stored);
  });

  test('without --rule takes the rules of the pipeline, with the labels of its keys', async () => {
    const alerts = {
      keyLabels: 'l{ending}',
      rules: [
        { name: 'mine', match: { ending: 'og' } },
        { name: 'none', match: { ending: 'x' } },
      ],
      routes: [{ match: { team: 'a' } }, {}],
    };
    const rules = [...alerts.rules, { name: 'third', severity: 'critical', labels: { team: 'a' } }];
    writeFileSync(at('mine.json'), JSON.stringify({ ...shipped.light, alerts: { ...alerts, rules } }));
    const mine = async (log: string, ...more: string[]) => {
      const args = ['alerts', 'preview', at(log), '--pipeline', at('mine.json'), '--json', ...more];
      const { code, out, err } = await engram(args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      return JSON.parse(out) as Preview;
    };
    const told = await mine('log.csv');
    expect(told.rules.map(({ rule, alerts }) => [rule, alerts > 0])).toEqual([
      ['mine', true],
      ['none', false],
      ['third', expect.any(Boolean)],
    ]);
    expect(told.alerts[0]?.labels).toEqual({ ending: 'og' });
    // Another rule instead, and the same labels of keys.
    const other = await mine('log.csv', '--rule', '{"name": "mine", "match": {"ending": "o?"}}');
    expect(other.alerts).toEqual(told.alerts.filter(({ rule }) => rule === 'mine'));
    await engram(['replay', at('log.csv'), ...light, '--quiet', '--out', at('anomalies.ndjson')]);
    const stored = await mine('anomalies.ndjson');
    expect(stored.rules.slice(0, 2).map(({ rule, alerts }) => [rule, alerts])).toEqual(
      told.rules.slice(0, 2).map(({ rule, alerts }) => [rule, alerts]),
    );
  });

  test('writes a page of its own, without anything to fetch and with a script that parses', async () => {
    const { out } = await preview('--rule', '{"name": "</script><img src=x>"}', '--report', at('p.html'));
    expect(out).toContain(`Written: ${at('p.html')}`);
    const html = readFileSync(at('p.html'), 'utf8');
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text as string);
    expect(scripts).toHaveLength(1);
    expect(() => new Script(scripts[0] as string)).not.toThrow();
    expect(html).not.toContain('<img');
    expect(html).toContain("default-src 'none'");
  });

  test.each([
    [['--rule', '{"nme": "a"}'], '--rule: nme: expected one of name, match'],
    [['--rule', '[{"name": "a"}, {"name": "a"}]'], 'rules[1].name: expected another name'],
    [['--rule', '/nowhere.json'], '/nowhere.json: expected a JSON file or JSON'],
    [['--rule', '{"name":"a"}', '--from', 'monday'], '--from: expected a time such as 2026-01-31'],
    [
      ['--rule', '{"name":"a"}', '--from', '2024-01-09', '--to', '2024-01-08'],
      '--from: expected a time before --to (2024-01-08 00:00), got 2024-01-09 00:00: exchange them',
    ],
    [['--rule', '{"name":"a"}', '--pipeline', 'lihgt'], 'did you mean "light"'],
    [
      [],
      'alerts preview: expected --rule, or a pipeline with rules in its section alerts, light has none: give one of them',
    ],
    [
      ['--rule', '{"rules": [{"name": "a"}]}'],
      '--rule: expected a rule such as {"name": "any"}, or a list of rules, got an object with rules: give the list in it alone',
    ],
    [['--rule', '{"alerts": {"rules": []}}'], 'got an object with alerts'],
    [
      ['--rule', '{"name": "a", "match": {"chanel": "x"}}'],
      '--rule: rules[0].match.chanel: expected a label that alerts have (key, channel,',
    ],
  ])('a mistake is told as such: %j', async (more, message) => {
    const { code, err } = await preview(...more);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});

test('a line of bars fits its width', () => {
  expect(sparkline([0, 1, 2, 4, 8], 10)).toBe('·▁▂▄█  (highest: 8)');
  expect(
    sparkline(
      Array.from({ length: 365 }, () => 1),
      40,
    ),
  ).toMatch(/^.{37} {2}\(highest: 10 in 10 days\)$/);
});
