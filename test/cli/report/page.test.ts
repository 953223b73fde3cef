import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Collector } from '../../../cli/report/collect.js';
import type { ReportData } from '../../../cli/report/data.js';
import { page } from '../../../cli/report/page.js';
import { anomalyOf, resultOf, worst } from '../results.js';

const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(1)>"\'&\u2028--><!--';

function reportOf(key: string, channel: string, title = 'log.csv'): ReportData {
  const collector = new Collector([channel], worst([anomalyOf(5, { key, channel, why: `${key} was strange` })]));
  for (let i = 0; i < 30; i++) collector.add(resultOf(i, { key }));
  return {
    title,
    pipeline: key,
    input: title,
    version: 'engram 0',
    settings: '[]',
    rows: collector.rows,
    rejects: [],
    stopped: false,
    keys: collector.keys,
    keysDrawn: collector.keysDrawn,
    anomalies: collector.anomalies().shown,
    anomaliesInAll: 1,
    series: collector.series(),
    errors: [{ horizon: 1, forecaster: 'default', mae: 1, wape: 0.1, crps: 1, coverage: [0.8, 0.9, 0.98] }],
  };
}

const parts = (html: string) => ({
  scripts: [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text),
  data: [...html.matchAll(/<script type="application\/json" id="data">([\s\S]*?)<\/script>/g)].map(([, text]) => text),
  styles: [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text]) => text),
  policy: /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '',
});
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('the page of a report', () => {
  const html = page(reportOf('a', 'value'));

  test('holds one script, one style and the data, and its policy allows exactly these', () => {
    const { scripts, styles, data, policy } = parts(html);
    expect([scripts.length, styles.length, data.length]).toEqual([1, 1, 1]);
    expect(policy).toBe(
      `default-src 'none'; script-src ${hashOf(scripts[0])}; style-src ${hashOf(styles[0])}; base-uri 'none'; form-action 'none'`,
    );
  });
  test('fetches nothing', () => {
    const { scripts, styles } = parts(html);
    const markup = html.replace(scripts[0], '').replace(styles[0], '');
    expect(markup).not.toMatch(/\b(src|href|action|poster|srcset)\s*=|https?:/i);
    expect(styles[0]).not.toMatch(/url\(|@import/);
    // The only addresses in the script are the licence line of the chart library and the name of the SVG namespace.
    const addresses = scripts[0].match(/https?:\/\/[^\s'"`)]+/g) ?? [];
    expect([...new Set(addresses)].sort()).toEqual(['http://www.w3.org/2000/svg', 'https://github.com/leeoniya/uPlot']);
    expect(scripts[0]).not.toMatch(
      /\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|innerHTML\s*=\s*[^"']|\beval\(/,
    );
  });
  test('its script is one that an engine takes', () => expect(() => new Script(parts(html).scripts[0])).not.toThrow());
  test('no module of the page is left out or left with an import', () => {
    const [script] = parts(html).scripts;
    expect(script).not.toMatch(/^(import|export) /m);
    for (const name of [
      'function make',
      'function unpack',
      'function drawMarks',
      'function drawChart',
      'function drawOverview',
      'function anomalyTable',
    ])
      expect(script).toContain(name);
  });
  test('hostile names stay data', () => {
    const bad = page(reportOf(hostile, hostile, hostile));
    const { scripts, data } = parts(bad);
    expect(scripts).toHaveLength(1);
    expect(scripts[0]).toBe(parts(html).scripts[0]);
    expect(data[0]).not.toContain('<');
    expect((JSON.parse(data[0]) as ReportData).series[0].key).toBe(hostile);
    expect(bad.replace(data[0], '')).not.toContain('alert(1)');
    expect(bad.match(/<img/g)).toBeNull();
  });
  test('the same data make the same bytes', () => expect(page(reportOf('a', 'value'))).toBe(html));
});
