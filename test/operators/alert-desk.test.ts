import { describe, expect, test } from 'vitest';
import type { Alert, Anomaly } from '../../event.js';
import { AlertDesk } from '../../operators/alert-desk.js';
import { type AlertRule, readyRules } from '../../operators/alert-rule.js';
import { type AlertRow, alertLayout, isBusy } from '../../operators/alert-slots.js';
import { Slab } from '../../state/slab.js';

const anomaly: Anomaly = {
  id: 'log@0',
  key: 'k',
  status: 'open',
  startMs: 1000,
  endMs: 1000,
  startOffset: 0,
  endOffset: 0,
  peakMs: 1000,
  peakOffset: 0,
  alarms: 1,
  severity: 'info',
  score: 0.001,
  channel: 'a',
  actual: Number.NaN,
  expected: 5,
  low: 4,
  high: 6,
  why: 'a was not as it used to be',
};

/** A desk on a row of its own, with what it tells. */
function deskOf(rules: readonly AlertRule[], row?: AlertRow): { desk: AlertDesk; own: AlertRow; told: Alert[] } {
  const slab = new Slab(alertLayout);
  if (!row) slab.add();
  const own = row ?? slab.row(0);
  const told: Alert[] = [];
  const words = { detector: 'd', keyLabels: () => ({}), replayUrl: undefined };
  const out = { alert: (alert: Alert) => void told.push(alert) };
  return { desk: new AlertDesk({ name: 's', channels: ['a'] }, words, readyRules(rules), own, 'k', out), own, told };
}

test('eight rules have a slot each, and eight others after them', () => {
  const rules = (word: string): AlertRule[] => Array.from({ length: 8 }, (_, i) => ({ name: `${word} ${i}` }));
  const first = deskOf(rules('one'));
  first.desk.note(anomaly);
  expect(first.told.map(({ rule }) => rule)).toEqual(rules('one').map(({ name }) => name));
  const second = deskOf(rules('two'), first.own);
  second.desk.note({ ...anomaly, severity: 'major', endMs: 2000 });
  expect(second.told.filter(({ status }) => status === 'resolved')).toHaveLength(8);
  expect(second.told.filter(({ status }) => status === 'firing')).toHaveLength(8);
});

test('a least duration counts from the alarm, however far back the first row of the anomaly lies', () => {
  const { desk, own, told } = deskOf([{ name: 'long', minDurationMs: 3000 }]);
  own.clockMs[0] = 10_000;
  desk.note({ ...anomaly, endMs: 10_000 });
  expect(told).toEqual([]);
  const { desk: other, own: row, told: at } = deskOf([{ name: 'any' }]);
  row.clockMs[0] = 10_000;
  other.note({ ...anomaly, endMs: 10_000 });
  expect(at[0]).toMatchObject({ status: 'firing', startsAt: '1970-01-01T00:00:01.000Z' });
});

test('a key without anomaly and alert costs a look', () => {
  const { desk, own } = deskOf([{ name: 'any' }]);
  expect(isBusy(own)).toBe(false);
  desk.note(anomaly);
  expect(isBusy(own)).toBe(true);
});

describe('what an alert says', () => {
  test('of a value that is missing', () => {
    const { desk, told } = deskOf([{ name: 'any', direction: 'missing' }]);
    desk.note(anomaly);
    expect(told[0]).toMatchObject({ direction: 'missing', value: null, expected: { p1: 4, p50: 5, p99: 6 } });
  });

  test('of causes, model and version, where the detector tells them', () => {
    const { desk, told } = deskOf([{ name: 'any' }]);
    const causes = [{ feature: 'a', contribution: 0.8, text: 'level' }];
    desk.note({ ...anomaly, causes, model: 'default', version: '2' });
    expect(told[0]).toMatchObject({ why: causes, model: 'default', version: '2' });
  });

  test('of times that no calendar knows', () => {
    const { desk, told } = deskOf([{ name: 'any' }]);
    desk.note({ ...anomaly, startMs: 1e300, endMs: 1e300 });
    expect(told[0].startsAt).toBe('+275760-09-13T00:00:00.000Z');
  });
});

describe('a key that goes silent while its values are strange', () => {
  const silent: Anomaly = {
    ...anomaly,
    id: 'log@0-silence',
    kind: 'silence',
    startMs: 3000,
    endMs: 3000,
    severity: 'warning',
  };
  const short = (told: readonly Alert[]) =>
    told.map(({ status, timeMs, revision }) => `${status} ${timeMs} ${revision}`);
  const row = (timeMs: number, alarm: boolean) => ({ key: 'k', timeMs, values: [1], offset: timeMs, score: 1, alarm });

  test('has one alert, which ends when both are over', () => {
    const { desk, own, told } = deskOf([{ name: 'any' }]);
    desk.note(anomaly);
    desk.note(silent);
    desk.note({ ...silent, status: 'closed', endMs: 5000 });
    for (const [timeMs, alarm] of [
      [6000, false],
      [7000, true],
      [8000, false],
    ] as const) {
      own.clockMs[0] = timeMs;
      desk.tick(row(timeMs, alarm));
    }
    expect(short(told)).toEqual(['firing 1000 1', 'firing 3000 2']);
    desk.note({ ...anomaly, status: 'closed', endMs: 7000 });
    expect(short(told).slice(2)).toEqual(['resolved 8000 3']);
    expect(told.at(-1)).toMatchObject({ episodes: 2, endsAt: '1970-01-01T00:00:07.000Z' });
  });

  test('alone is an alert without a value, whose time moves by what is heard of it', () => {
    const { desk, told } = deskOf([{ name: 'gone', direction: 'missing', minDurationMs: 2000, minAbsolute: 9 }]);
    desk.note(silent);
    expect(told).toEqual([]);
    desk.note({ ...silent, severity: 'major', endMs: 6000 });
    expect(told[0]).toMatchObject({
      status: 'firing',
      value: null,
      direction: 'missing',
      startsAt: '1970-01-01T00:00:03.000Z',
    });
  });
});

describe('the foremost of many keys at once', () => {
  const crowd: Anomaly = {
    ...anomaly,
    id: 'log@0-together',
    kind: 'together',
    endMs: 3000,
    channel: 'keys at once',
    actual: 90,
    why: '90 of 100 keys at once',
    together: { keys: 90, of: 100, share: 0.9, direction: 'above', most: ['k', 'l'] },
  };
  const short = (told: readonly Alert[]) =>
    told.map(({ status, channel, severity }) => `${status} ${channel} ${severity}`);

  test('has an alert of its own values beside that of the many, each with its own words, severity and end', () => {
    const { desk, own, told } = deskOf([{ name: 'any' }]);
    const causes = [{ feature: 'a', contribution: 1, text: 'x'.repeat(3000) }];
    desk.note({ ...anomaly, severity: 'major', causes });
    desk.note(crowd);
    desk.note({ ...anomaly, severity: 'major', status: 'closed', endMs: 3000 });
    own.clockMs[0] = 4000;
    desk.tick({ key: 'k', timeMs: 4000, values: [1], offset: 4, score: 1, alarm: false });
    desk.note({ ...crowd, severity: 'critical' });
    own.clockMs[0] = 9000;
    desk.note({ ...crowd, severity: 'critical', status: 'closed', endMs: 5000 });
    expect(short(told)).toEqual([
      'firing a major',
      'firing keys at once info',
      'resolved a major',
      'firing keys at once critical',
      'resolved keys at once critical',
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
    expect(told.map(({ together }) => together?.keys)).toEqual([undefined, 90, undefined, 90, 90]);
    expect(told.map(({ summary }) => summary.slice(0, 10))).toEqual(
      [anomaly, crowd, anomaly, crowd, crowd].map(({ why }) => why.slice(0, 10)),
    );
    expect(isBusy(own)).toBe(false);
  });
});
