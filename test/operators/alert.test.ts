import { describe, expect, test } from 'vitest';
import type { Alert, Event } from '../../event.js';
import { alert } from '../../operators/alert.js';
import type { AlertRule } from '../../operators/alert-rule.js';
import { type Alarmed, episode } from '../../operators/episode.js';
import type { Stage } from '../../operators/stage.js';
import { identityOf, pipeline } from '../../pipelines/pipeline.js';
import { type Disturbance, run, startMs } from './harness.js';

/** What one row of a story is: a calm row, an alarm of so small a score, or a row that is only abnormal. */
type Moment = 'calm' | 'odd' | number;
const minute = 60_000;

/** Rows a minute apart; an alarm says 50 where 10 was expected. */
function story(moments: readonly Moment[], key = 'pump-1', from = 0): (Alarmed & { abnormal: boolean })[] {
  return moments.map((moment, i) => ({
    key,
    timeMs: startMs + (from + i) * minute,
    values: [moment === 'calm' ? 10 : 50],
    offset: from + i,
    score: typeof moment === 'number' ? moment : moment === 'odd' ? 0.01 : 1,
    alarm: typeof moment === 'number',
    abnormal: moment !== 'calm',
    tail: [1],
    expected: [10],
    low: [8],
    high: [12],
  }));
}
const calm = (rows: number): Moment[] => Array.from({ length: rows }, () => 'calm');
const told = (rules: readonly AlertRule[], rows: readonly Event[], how: Disturbance = {}): readonly Alert[] =>
  run([episode({ closeRows: 3 }), alert({ rules, detector: 'd' })], rows, how).alerts;
const short = (alerts: readonly Alert[]) =>
  alerts.map(({ status, severity, timeMs }) => `${status} ${severity} ${(timeMs - startMs) / minute}`);

const episodes = () => episode<Alarmed>({ closeRows: 3 }) as unknown as Stage<Event, Alarmed>;

describe('an alert', () => {
  test('fires with its anomaly and is resolved when it is over, in the words of the record', () => {
    const [fired, resolved] = told([{ name: 'any' }], story(['calm', 0.001, ...calm(5)]));
    expect(fired).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      revision: 1,
      status: 'firing',
      key: 'pump-1',
      channel: 'a',
      detector: 'd',
      direction: 'above',
      rule: 'any',
      severity: 'info',
      labels: {},
      startsAt: '2024-01-01T00:01:00.000Z',
      timeMs: startMs + minute,
      value: 50,
      expected: { p1: 8, p50: 10, p99: 12 },
      likelihood: 0.999,
      summary: 'a 50 where 10 (8 to 12) was expected: 5 times as high',
      why: [{ feature: 'a', contribution: 1, text: 'a 50 where 10 (8 to 12) was expected: 5 times as high' }],
      alarms: 1,
      episodes: 1,
      model: null,
      version: null,
      source: { topic: 'log-0', partition: 0, offset: 1 },
      group: null,
      replay: null,
    });
    expect(resolved).toMatchObject({
      id: fired.id,
      revision: 2,
      status: 'resolved',
      endsAt: '2024-01-01T00:01:00.000Z',
    });
  });

  test('keeps its id while severity and channel change, and tells each severity once', () => {
    const alerts = told([{ name: 'any' }], story([0.001, 1e-5, 1e-5, 1e-7, 1e-10, ...calm(4)]));
    expect(short(alerts)).toEqual([
      'firing info 0',
      'firing warning 1',
      'firing major 3',
      'firing critical 4',
      'resolved critical 7',
    ]);
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(1);
    expect(alerts.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
  });

  test('fires only when rows have stayed abnormal for the least duration', () => {
    const rule = { name: 'long', minDurationMs: 3 * minute };
    expect(short(told([rule], story([0.001, 'odd', 'calm', 'odd', 'odd', ...calm(5)])))).toEqual([]);
    expect(short(told([rule], story([0.001, 'odd', 'odd', 'odd', ...calm(5)])))).toEqual([
      'firing info 3',
      'resolved info 4',
    ]);
  });

  test('takes an anomaly that comes back within the close duration for the same alert, and counts it', () => {
    const rows = story([0.001, ...calm(5), 0.001, ...calm(12)]);
    const alerts = told([{ name: 'slow', closeDurationMs: 8 * minute }], rows);
    expect(short(alerts)).toEqual(['firing info 0', 'resolved info 14']);
    expect(alerts[1]).toMatchObject({ episodes: 2, alarms: 2, endsAt: '2024-01-01T00:06:00.000Z' });
    expect(short(told([{ name: 'fast' }], rows))).toHaveLength(4);
  });

  test('has no successor in the cool-down', () => {
    const rows = story([0.001, ...calm(5), 0.001, ...calm(12), 0.001, ...calm(5)]);
    const alerts = told([{ name: 'cool', coolDownMs: 10 * minute }], rows);
    expect(short(alerts)).toEqual(['firing info 0', 'resolved info 3', 'firing info 19', 'resolved info 22']);
  });

  test('tells a higher severity no sooner than the hold after the last telling', () => {
    const rows = story([0.001, 1e-5, 1e-7, 'odd', 'odd', 'odd', ...calm(4)]);
    expect(short(told([{ name: 'held', severityHoldMs: 4 * minute }], rows))).toEqual([
      'firing info 0',
      'firing major 4',
      'resolved major 6',
    ]);
  });

  test('opens at one score and is held open by another', () => {
    const rule = { name: 'pair', threshold: { open: 1e-4, close: 0.02 } };
    const rows = story([0.001, 1e-5, 'odd', 'odd', 'odd', 'odd', ...calm(5)]);
    expect(short(told([rule], rows))).toEqual(['firing warning 1', 'resolved warning 6']);
    expect(short(told([rule], story([0.001, ...calm(6)])))).toEqual([]);
  });

  test.each([
    ['direction', { direction: 'below' as const }],
    ['least severity', { severity: 'major' as const }],
    ['least distance', { minAbsolute: 41 }],
    ['least share', { minRelative: 4.1 }],
    ['key', { match: { key: 'pump-2' } }],
    ['channel', { match: { channel: { not: 'a' } } }],
  ])('is only made of anomalies the rule is about: %s', (_, limits) => {
    expect(told([{ name: 'picky', ...limits }], story([0.001, ...calm(5)]))).toEqual([]);
  });

  test('has labels of its rule and of its key, and an address to look at', () => {
    const options = {
      rules: [{ name: 'r', labels: { team: 'water' }, match: { site: 'north' } }],
      keyLabels: '{site}/{machine}',
      replayUrl: 'https://look.example/?series={key}&from={from}',
    };
    const { alerts } = run([episode(), alert(options)], story([0.001], 'north/pump 1'));
    expect(alerts[0]).toMatchObject({
      labels: { site: 'north', machine: 'pump 1', team: 'water' },
      replay: 'https://look.example/?series=north%2Fpump%201&from=2024-01-01T00%3A00%3A00.000Z',
    });
  });
});

describe('a restart', () => {
  const rules = [{ name: 'a' }, { name: 'b', closeDurationMs: 5 * minute }];
  const rows = story([0.001, 1e-5, ...calm(4), 0.001, ...calm(12)]);

  test('after every row neither fires again nor resolves', () => {
    expect(told(rules, rows, { restart: true })).toEqual(told(rules, rows));
  });

  test('with other rules keeps alerts of rules that stay, and resolves those of rules that went', () => {
    const stages = [episode({ closeRows: 3 }), alert({ rules, detector: 'd' })];
    const first = run(stages, rows.slice(0, 2), { ends: false });
    expect(short(first.alerts)).toHaveLength(4);
    const changed = [{ name: 'new' }, { name: 'b', closeDurationMs: 3 * minute, severity: 'critical' as const }];
    const again = [episode({ closeRows: 3 }), alert({ rules: changed, detector: 'd' })];
    const rest = run(again, rows.slice(2), { saved: first.saved }).alerts;
    expect(rest.map(({ status, rule }) => `${status} ${rule.slice(0, 4)}`)).toEqual([
      'resolved rule',
      'resolved b',
      'firing new',
      'resolved new',
    ]);
    const before = new Map(first.alerts.map(({ id, rule }) => [rule, id]));
    expect(rest.slice(0, 2).map(({ id }) => id)).toEqual([before.get('a'), before.get('b')]);
  });

  test('of a state without this step begins with the next anomaly', () => {
    const first = run([episode({ closeRows: 3 })], rows.slice(0, 1), { ends: false });
    const stages = [episode({ closeRows: 3 }), alert({ rules: [{ name: 'any' }] })];
    expect(short(run(stages, rows.slice(2), { saved: first.saved }).alerts)).toEqual([
      'firing info 6',
      'resolved info 9',
    ]);
  });
});

test('a key that is forgotten resolves its alerts', () => {
  const keys = { limit: 1, whenFull: 'evict' as const };
  const rows = [...story([0.001], 'a'), ...story([0.001], 'b', 1)];
  const { alerts } = run([episode({ keys }), alert({ rules: [{ name: 'any' }], keys })], rows);
  expect(alerts.map(({ key, status }) => `${key} ${status}`)).toEqual(['a firing', 'a resolved', 'b firing']);
});

test('its settings are no part of what a checkpoint must agree with', () => {
  const with_ = pipeline('p')
    .through(episodes())
    .through(alert({ rules: [{ name: 'any' }] }));
  expect(identityOf(with_, ['a'])).toBe(identityOf(pipeline('p').through(episodes()), ['a']));
});
