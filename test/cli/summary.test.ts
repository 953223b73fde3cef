import { describe, expect, test } from 'vitest';
import { anomalyTable, errorTable, markLines, places, rejectLines, shownAnomalies } from '../../cli/summary.js';
import { paint, widthOf } from '../../cli/view/text.js';
import { anomalyOf, worst } from './results.js';

const none = paint(false);

const one = { rows: 100, rejected: 0, manyKeys: false, manyChannels: false };
const many = { rows: 100, rejected: 0, manyKeys: true, manyChannels: true };

describe('what a run says at the end', () => {
  test('its anomalies', () => {
    const anomalies = [
      anomalyOf(100, {
        severity: 'critical',
        score: 1e-7,
        actual: 39_197,
        expected: 22_081.4,
        why: 'value 39197 where 22081 was expected: 78 % higher',
      }),
      anomalyOf(7, {
        severity: 'info',
        score: 0.0004,
        actual: Number.NaN,
        expected: 0.25,
        why: 'value was not as it used to be',
        status: 'open',
      }),
    ];
    expect(`\n${anomalyTable(worst(anomalies), one, 'anomalies.ndjson', 100, none).join('\n')}\n`).toBe(`
2 anomalies:
Peak (UTC)        Severity       Actual  Expected           Rarity  Why
────────────────  ─────────────  ──────  ────────  ───────────────  ──────────────────────────────
1970-01-01 00:08  ● info (open)       –      0.25       1 in 2,500  value was not as it used to be
1970-01-01 01:41  ✖ critical     39,197    22,081  1 in 10 million  78 % higher
`);
  });
  test('where no row was out of range but a number over several, that number and what is usual of it', () => {
    const quantity = { name: 'mean of 20 rows', rows: 20, actual: 6624.8, low: 6672.7, high: 22_823.6 };
    const missing = { name: 'share of values missing', rows: 20, unit: '%', actual: 60, low: 0, high: 10 };
    const distance = { name: 'mean distance of 10 rows', rows: 10, actual: 6.5, expected: 2.2 };
    const told = [quantity, missing, distance].map((one, i) => anomalyOf(i, { quantity: one, why: 'x' }));
    const lines = anomalyTable(worst(told), one, undefined, 120, none).join('\n');
    expect(lines).toMatch(/6,625 +6,673 to 22,824 .* mean of 20 rows/);
    expect(lines).toMatch(/60 % +0 to 10 % .* share of values missing/);
    expect(lines).toMatch(/6\.5 +2\.2 .* mean distance of 10 rows/);
  });
  test('what became of marks', () => {
    const mark = { key: 'pump', verdict: 'real', startMs: 0, endMs: 60_000, offset: 3 } as const;
    const vain = (known: boolean) => ({ mark, known, stage: 'detect', alarms: 0, bars: [] });
    const marks = { handed: 4, heard: 3, found: 1, alarms: 2 };
    expect(markLines({ marks, vainMarks: [vain(true), vain(false)] }, 1)).toEqual([
      '4 marks taken in: 1 found 2 alarms to be judged by; 2 found none and changed nothing; ' +
        '1 met no step that takes marks (detect or htm-detect); 1 not taken in yet: the log ends before their row',
      '  real, pump from 1970-01-01 00:00 to 1970-01-01 00:01: no alarm of the key lies there, or more than 32 came since',
      '  real, pump from 1970-01-01 00:00 to 1970-01-01 00:01: no row of this key had come',
    ]);
    expect(markLines({ marks: { handed: 0, heard: 0, found: 0, alarms: 0 }, vainMarks: [] }, 0)).toEqual([]);
  });
  test('of too many anomalies the worst, and where the others are', () => {
    const anomalies = Array.from({ length: 30 }, (_, i) =>
      anomalyOf(i * 10, { severity: i % 2 ? 'major' : 'info', key: `key ${i}` }),
    );
    const lines = anomalyTable(worst(anomalies), many, 'out/anomalies.arrow', 120, none);
    expect(lines[0]).toBe('30 anomalies, the 20 worst:');
    expect(lines).toHaveLength(shownAnomalies + 4);
    expect(lines.filter((line) => line.includes('major'))).toHaveLength(15);
    expect(lines.at(-1)).toBe('… and 10 more in out/anomalies.arrow');
    expect(anomalyTable(worst(anomalies), many, undefined, 120, none).at(-1)).toBe(
      '… and 10 more: --out anomalies.ndjson writes them all',
    );
  });
  test('names from outside cannot steer the terminal or break the table', () => {
    const lines = anomalyTable(
      worst([
        anomalyOf(1, { key: 'a\u001B[2J\nb'.repeat(30), why: 'x\u001B]0;title\u0007' }),
        anomalyOf(2, { key: 'c' }),
      ]),
      { ...many, manyChannels: false },
      undefined,
      80,
      none,
    );
    expect(lines.join('')).not.toContain('\u001B');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
  });
  test.each([
    [120, ['Key', 'Channel', 'Rarity', 'Why']],
    [90, ['Key', 'Channel', 'Rarity']],
    [80, ['Key', 'Channel']],
  ])('on %i columns no line is broken: what is least needed is left out', (width, kept) => {
    const long = anomalyOf(1, { key: 'a'.repeat(60), channel: 'pressure', score: 1e-7, status: 'open' });
    const lines = anomalyTable(worst([long]), many, undefined, width, none);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
    expect(['Key', 'Channel', 'Rarity', 'Why'].filter((title) => lines[1].includes(title))).toEqual(kept);
  });
  test('that there was none, and that there were no rows', () => {
    expect(anomalyTable(worst([]), one, undefined, 80, none)).toEqual([expect.stringContaining('No anomalies')]);
    const nothing = { ...one, rows: 0 };
    expect(anomalyTable(worst([]), nothing, undefined, 80, none)).toEqual(['No new rows, so no new anomalies.']);
    expect(anomalyTable(worst([]), { ...nothing, rejected: 9 }, undefined, 80, none)).toEqual([
      'No row could be used: nothing was learned.',
    ]);
  });
  test('which series and channel, where the run had several, even if one alone was strange', () => {
    const [, head, , line] = anomalyTable(worst([anomalyOf(1, { key: 'press-1' })]), many, undefined, 120, none);
    expect(head).toMatch(/Key\s+Channel/);
    expect(line).toContain('press-1');
  });
  test('its errors', () => {
    const lines = errorTable(
      [
        { horizon: 1, forecaster: 'default', mae: 412.34, wape: 0.0271, crps: 300.1, coverage: [0.803, 0.899, 0.981] },
        { horizon: 1, forecaster: 'persistence', mae: 1010, wape: 0.066, crps: null, coverage: null },
        { horizon: 48, forecaster: 'default', mae: null, wape: null, crps: null, coverage: [null, null, null] },
      ],
      100,
      none,
    );
    expect(`\n${lines.join('\n')}\n`).toBe(`
Forecast error, and the share of values inside each band:
  Ahead  Forecaster     MAE   WAPE   CRPS  in 50 %  in 80 %  in 98 %
───────  ───────────  ─────  ─────  ─────  ───────  ───────  ───────
  1 row  default      412.3  2.7 %  300.1   80.3 %   89.9 %   98.1 %
         persistence  1,010  6.6 %      –
48 rows  default          –      –      –        –        –        –
`);
  });
  test('that errors are one mean over several channels', () => {
    const line = { horizon: 1, forecaster: 'default', mae: 1, wape: 0.1, crps: 1, coverage: null };
    expect(errorTable([line], 100, none, ['flow', 'load', 'rpm'])[0]).toBe(
      'Forecast error (one mean over 3 channels, each in its own units), and the share of values inside each band:',
    );
    expect(errorTable([line], 100, none, ['flow'])[0]).toBe(
      'Forecast error, and the share of values inside each band:',
    );
  });
  const rejects = new Map([
    ['late', 2],
    ['not-a-number', 1200],
  ]);
  test('where most rows were refused, what the first was told', () =>
    expect(rejectLines({ rows: 3, rejects, rejected: 1202, firstReject: 'expected a\u001B[2Jnumber' }, 'x')[1]).toBe(
      'The first: expected a\\x1b[2Jnumber',
    ));
  test('its rejects by reason, and nothing when there are none', () => {
    expect(
      rejectLines({ rows: 1202, rejects, rejected: 1202, firstReject: 'expected a number' }, 'out/rejects.ndjson'),
    ).toEqual(['1,202 rows rejected (1,200 not-a-number, 2 late): see out/rejects.ndjson']);
    expect(rejectLines({ rows: 0, rejects: new Map(), rejected: 0, firstReject: undefined }, 'x')).toEqual([]);
  });
  test('places in two columns', () =>
    expect(
      places([
        ['a', 'x'],
        ['bcd', 'y'],
      ]),
    ).toEqual(['  a    x', '  bcd  y']));
});
