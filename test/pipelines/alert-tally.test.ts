import { expect, test } from 'vitest';
import type { AlertFeed } from '../../pipelines/alert-feed.js';
import { AlertTally, alertFigures } from '../../pipelines/alert-tally.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

test('counts what happened, in the format of Prometheus', () => {
  const tally = new AlertTally();
  tally.see({ type: 'alert', alert: alertOf() });
  tally.see({ type: 'alert', alert: alertOf({ revision: 2, severity: 'critical' }) });
  tally.see({ type: 'alert', alert: alertOf({ id: 'b', silencedBy: 's' }) });
  tally.see({ type: 'alert', alert: resolvedOf() });
  tally.see({ type: 'alert-delivered', sink: 'ops', alerts: 3 });
  tally.see({ type: 'alert-delivery-failed', sink: 'ops', error: 'away', waitMs: 1 });
  tally.see({ type: 'alert-refused', sink: 'ops', error: 'answered 400', alerts: 2 });
  tally.see({ type: 'alert-dropped', sink: 'ops', id: 'x' });
  const open = new Map([
    ['a', { key: 'k"\n\\', detector: 'd', direction: 'below' as const }],
    ['b', { key: 'k2', detector: 'd', direction: 'above' as const }],
  ]);
  const queues = new Map([['ops', { waiting: 7, open }]]) as unknown as AlertFeed['queues'];
  const lines = tally.text({ queues }).trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
    'engram_alerts_total{change="firing",severity="major"} 2',
    'engram_alerts_total{change="worsened",severity="critical"} 1',
    'engram_alerts_total{change="resolved",severity="major"} 1',
    'engram_alerts_suppressed_total 1',
    'engram_alerts_open 2',
    'engram_alert_state{detector="d",key="k\\"\\n\\\\"} -1',
    'engram_alert_state{detector="d",key="k2"} 1',
    'engram_alert_queue_length{sink="ops"} 7',
    'engram_alert_delivered_total{sink="ops"} 3',
    'engram_alert_deliveries_total{sink="ops"} 1',
    'engram_alert_failures_total{sink="ops"} 1',
    'engram_alert_refused_total{sink="ops"} 2',
    'engram_alert_dropped_total{sink="ops"} 1',
  ]);
  for (const [name, [kind, help]] of Object.entries(alertFigures)) {
    expect(lines).toContain(`# TYPE ${name} ${kind}`);
    expect(lines).toContain(`# HELP ${name} ${help}`);
  }
  expect([tally.fired, tally.resolved, tally.suppressed]).toEqual([2, 1, 1]);
  expect(tally.failing.get('ops')).toBe('answered 400');
  expect([...tally.refused]).toEqual([['ops', { alerts: 2, error: 'answered 400' }]]);
  expect([...tally.dropped]).toEqual([['ops', 1]]);
});

test('names at most 200 series', () => {
  const open = new Map(
    Array.from({ length: 1000 }, (_, i) => [String(i), { key: `k${i}`, detector: 'd', direction: 'above' as const }]),
  );
  const queues = new Map([['ops', { waiting: 0, open }]]) as unknown as AlertFeed['queues'];
  expect(new AlertTally().text({ queues }).match(/^engram_alert_state/gm)).toHaveLength(200);
});
