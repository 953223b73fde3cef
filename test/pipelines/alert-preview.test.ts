import { describe, expect, test } from 'vitest';
import type { Anomaly } from '../../event.js';
import type { AlertRule } from '../../operators/alert-rule.js';
import { AlertPreview, previewStored } from '../../pipelines/alert-preview.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const anomalyOf = (startH: number, endH: number, more: Partial<Anomaly> = {}): Anomaly => ({
  id: `log@${startH}`,
  key: 'k',
  status: 'closed',
  startMs: start + startH * hour,
  endMs: start + endH * hour,
  startOffset: startH,
  endOffset: endH,
  peakMs: start + startH * hour,
  peakOffset: startH,
  alarms: 2,
  severity: 'warning',
  score: 1e-5,
  channel: 'a',
  actual: 9,
  expected: 3,
  low: 2,
  high: 4,
  why: 'three times as high',
  ...more,
});
async function stored(anomalies: readonly Anomaly[], rules: readonly AlertRule[], fromMs?: number, toMs?: number) {
  const preview = new AlertPreview(
    rules.map(({ name }) => name),
    fromMs,
    toMs,
  );
  await previewStored(anomalies, { rules }, preview);
  return preview.sum();
}

test('sums up by day, key, severity and message', async () => {
  const preview = new AlertPreview(['any']);
  preview.addRows([{ timeMs: start }, { timeMs: start + 49 * hour }]);
  await preview.write([alertOf({ id: 'a', timeMs: start }), resolvedOf({ id: 'a', timeMs: start + hour })]);
  const later = { startsAt: '2026-01-03T01:00:00.000Z', timeMs: start + 49 * hour };
  await preview.write([alertOf({ id: 'b', key: 'other', severity: 'critical', ...later })]);
  await preview.close();
  const { rules, days, keys, alerts } = preview.sum();
  expect(rules).toEqual([
    {
      rule: 'any',
      alerts: 2,
      open: 1,
      perDay: 2 / (49 / 24),
      bySeverity: { info: 0, warning: 0, major: 1, critical: 1 },
      medianMs: hour,
      messages: 3,
      told: 2,
    },
  ]);
  expect(days.map(({ alerts }) => alerts)).toEqual([[1], [0], [1]]);
  expect(keys).toEqual([
    { key: 'other', alerts: 1, worst: 'critical' },
    { key: 'pump-1', alerts: 1, worst: 'major' },
  ]);
  expect(alerts.map(({ id, status }) => `${id} ${status}`)).toEqual(['a resolved', 'b firing']);
});

test('a time that holds no rows holds no days, and one that is too long is refused', () => {
  expect(new AlertPreview(['any']).sum()).toMatchObject({ days: [], alerts: [] });
  const later = new AlertPreview(['any'], start + 5 * hour);
  later.addRows([{ timeMs: start + 2 * hour }, { timeMs: start }]);
  expect(later.sum()).toMatchObject({ rows: 0, logFromMs: start, logToMs: start + 2 * hour });
  expect(() => new AlertPreview(['any'], 0, start).sum()).toThrow(
    /preview: expected at most 3660 days, got 20455: name a shorter time/,
  );
});

describe('stored anomalies', () => {
  test('become the alerts of a live run: one each, resolved at the end, by the rule', async () => {
    const { alerts } = await stored(
      [anomalyOf(1, 3), anomalyOf(30, 31, { key: 'j', severity: 'info' })],
      [{ name: 'any' }, { name: 'bad', severity: 'warning' }],
    );
    expect(alerts.map(({ rule, key, startsAt, endsAt }) => [rule, key, startsAt, endsAt])).toEqual([
      ['any', 'k', '2026-01-01T01:00:00.000Z', '2026-01-01T03:00:00.000Z'],
      ['bad', 'k', '2026-01-01T01:00:00.000Z', '2026-01-01T03:00:00.000Z'],
      ['any', 'j', '2026-01-02T06:00:00.000Z', '2026-01-02T07:00:00.000Z'],
    ]);
  });

  test('must last as long as the rule wants, and join when they come back in time', async () => {
    const list = [anomalyOf(1, 2), anomalyOf(3, 6), anomalyOf(40, 40)];
    const long = await stored(list, [{ name: 'long', minDurationMs: 2 * hour }]);
    expect(long.alerts.map(({ startsAt }) => startsAt)).toEqual(['2026-01-01T03:00:00.000Z']);
    const { alerts: joined } = await stored(list, [{ name: 'slow', closeDurationMs: 2 * hour }]);
    expect(joined.map(({ episodes, endsAt }) => [episodes, endsAt])).toEqual([
      [2, '2026-01-01T06:00:00.000Z'],
      [1, '2026-01-02T16:00:00.000Z'],
    ]);
  });

  test('count by their last line, and in the time that was asked for', async () => {
    const list = [
      anomalyOf(1, 1, { status: 'open', severity: 'info' }),
      anomalyOf(1, 3, { severity: 'major' }),
      anomalyOf(50, 51),
    ];
    const { alerts, days } = await stored(list, [{ name: 'any' }], start, start + 30 * hour);
    expect(alerts.map(({ severity, status }) => [severity, status])).toEqual([['major', 'resolved']]);
    expect(days).toHaveLength(2);
  });
});
