import { describe, expect, test } from 'vitest';
import { checkLabels, checkMatches, knownLabels, strangeLabels } from '../../pipelines/alert-labels.js';
import type { AlertSpec } from '../../pipelines/alert-spec.js';

const [startsAt, endsAt] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
const weekly = { name: 'weekly', days: ['sat'], from: '22:00', to: '02:00', endsAt } as const;
const section = (more: Partial<AlertSpec> = {}): AlertSpec => ({
  rules: [{ name: 'a', labels: { team: 'x' } }, { name: 'b' }],
  keyLabels: '{site}/{machine}',
  ...more,
});
const known = 'key, channel, rule, detector, severity, direction, status, site, machine, team';

test('labels are known that all alerts have, that are read from keys, and that any rule gives', () => {
  expect(knownLabels(section()).join(', ')).toBe(known);
  expect(knownLabels({ rules: [{ name: 'a' }] })).toContain('direction');
  const match = { key: 'x', channel: 'c', team: { not: 'x' }, site: 'y', machine: ['z'], status: 'firing' };
  const good = section({
    rules: [{ name: 'a', match, labels: { team: 'x' } }],
    routes: [{ match, groupBy: ['rule', 'site', 'team'] }],
    silences: [{ name: 's', match, startsAt, endsAt }],
    maintenance: [{ ...weekly, match }],
  });
  expect(() => checkLabels(good, 'alerts')).not.toThrow();
});

describe('a label that no alert can have is refused with its place, those there are, and the nearest', () => {
  test.each<[Partial<AlertSpec>, string, string]>([
    [{ rules: [{ name: 'a' }, { name: 'b', match: { chanel: 'x' } }] }, 'rules[1].match.chanel', 'channel'],
    [{ routes: [{}, { match: { chanel: { not: 'x' } } }] }, 'routes[1].match.chanel', 'channel'],
    [{ routes: [{ groupBy: ['rule', 'sites'] }] }, 'routes[0].groupBy[1]', 'site'],
    [{ silences: [{ name: 's', match: { key: 'x', kye: 'x' }, startsAt, endsAt }] }, 'silences[0].match.kye', 'key'],
    [{ maintenance: [{ ...weekly, match: { machina: 'z' } }] }, 'maintenance[0].match.machina', 'machine'],
    [{ silences: [{ name: 's', match: { zzzzzz: 'x' }, startsAt, endsAt }] }, 'silences[0].match.zzzzzz', ''],
  ])('%j', (more, place, meant) => {
    const found = (): void => checkLabels(section(more), 'mine.json');
    expect(found).toThrow(`mine.json: ${place}: expected a label that alerts have (key, channel, rule,`);
    expect(found).toThrow(meant === '' ? /got "zzzzzz"$/ : `(did you mean "${meant}"?)`);
  });
});

test('silences of a file are held to the labels of the section that reads them', () => {
  const list = [{ match: { site: 'x' } }, { match: { team: 'x' } }];
  expect(() => checkMatches(list, knownLabels(section()), 's.json: silences')).not.toThrow();
  expect(() => checkMatches(list, knownLabels({ rules: [{ name: 'a' }] }), 's.json: silences')).toThrow(
    's.json: silences[0].match.site: expected a label',
  );
});

test('without a section it is known which labels all alerts have', () =>
  expect(strangeLabels({ key: 'x', site: 'y', kye: 'z' })).toEqual(['site', 'kye']));
