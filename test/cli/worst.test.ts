import { describe, expect, test } from 'vitest';
import { Tally, tallyAnomalies } from '../../cli/tally.js';
import { Progress } from '../../cli/view/progress.js';
import { WorstAnomalies, worseFirst } from '../../cli/worst.js';
import type { Anomaly, Severity } from '../../event.js';
import { chance } from '../chance.js';
import { anomalyOf, batchOf } from './results.js';

const random = chance(7);
const severityOf = (): Severity => (['info', 'warning', 'major', 'critical'] as const)[Math.floor(random() * 4)];
/** Anomalies as episodes tell them, some first open and later closed. */
const told = (count: number): Anomaly[] =>
  Array.from({ length: count }, (_, i) => {
    const closed = anomalyOf(i * 10, { severity: severityOf(), score: random() });
    const open = anomalyOf(i * 10, { status: 'open', severity: 'info', score: random() });
    return i % 3 === 0 ? [open, closed] : [closed];
  }).flat();

describe('the worst anomalies', () => {
  test('are those that all together would give, and the others are counted', () => {
    const all = told(3000);
    const last = [...new Map(all.map((anomaly) => [anomaly.id, anomaly])).values()];
    const found = new WorstAnomalies(100, all);
    expect(found.worst()).toEqual([...last].sort(worseFirst).slice(0, 100));
    expect(found.count).toBe(3000);
    for (const severity of ['info', 'critical'] as const) {
      expect(found.bySeverity[severity]).toBe(last.filter((anomaly) => anomaly.severity === severity).length);
    }
  });

  test('an open one is kept until it is closed, however harmless it is', () => {
    const open = anomalyOf(5, { status: 'open', severity: 'info', score: 1 });
    const others = Array.from({ length: 50 }, (_, i) => anomalyOf(100 + i, { severity: 'major' }));
    const found = new WorstAnomalies(2, [open, ...others, { ...open, status: 'closed', severity: 'critical' }]);
    expect(found.count).toBe(51);
    expect(found.worst()[0]).toMatchObject({ id: 'log@5', severity: 'critical' });
  });

  test('take no more room the longer a log is, and no more time for keys with open ones', () => {
    const sorted: number[] = [];
    const open = Array.from({ length: 5000 }, (_, i) => anomalyOf(i, { status: 'open', key: `k${i}` }));
    const found = new WorstAnomalies(100, open);
    const started = process.cpuUsage().user;
    for (let i = 0; i < 20_000; i++) {
      found.add(anomalyOf(10_000 + i));
      if (i % 1000 === 0) sorted.push(found.worst().length);
    }
    expect(new Set(sorted)).toEqual(new Set([100]));
    expect(found.count).toBe(25_000);
    // Sorting at every one of them would take minutes.
    expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(10);
  });
});

test('a run without end keeps so many, in its tally and in its progress', () => {
  const tally = new Tally();
  const lines: string[] = [];
  const terminal = { isTTY: false, columns: 100, write: (text: string) => void lines.push(text) };
  let nowMs = 0;
  const progress = new Progress({ terminal: terminal as never, colour: false, nowMs: () => nowMs });
  progress.begin(0, undefined);
  for (let i = 0; i < 10; i++) {
    nowMs += 10_000;
    const anomalies = Array.from({ length: 1000 }, (_, j) => anomalyOf(i * 1000 + j));
    const batch = { ...batchOf(i, 1), anomalies };
    tally.batch(batch);
    progress.batch(batch);
  }
  expect(tally.anomalies.count).toBe(10_000);
  expect(tally.anomalies.worst()).toHaveLength(tallyAnomalies);
  expect(lines.at(-1)).toContain('10,000 anomalies');
});
