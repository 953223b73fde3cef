import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type Alert, severities } from '../../event.js';
import type { AlertRule } from '../../operators/alert-rule.js';
import type { Preview } from '../../pipelines/alert-preview.js';
import { version } from '../version.js';
import type { AlertPageData, PageAlert } from './alert-data.js';
import { pageOf } from './page.js';

/** Alerts that the page lists, the worst first. */
export const listedAlerts = 500;

/** Modules of the page, each after those it imports. */
const modules = ['dom', 'text', 'marks', 'chart', 'alert-tables', 'alerts'];

/** Writes the page of a preview beside its place and moves it there: a reader never sees half of one. */
export async function writeAlertPage(
  path: string,
  { input, sum, rules }: { readonly input: string; readonly sum: Preview; readonly rules: readonly AlertRule[] },
): Promise<void> {
  const html = pageOf(
    'Engram alerts',
    modules,
    alertPageData(input === '-' ? 'standard input' : basename(input), sum, rules),
  );
  await mkdir(dirname(resolve(path)), { recursive: true });
  await writeFile(`${path}.tmp`, html);
  await rename(`${path}.tmp`, path);
}

/** A preview as the page takes it. */
export function alertPageData(title: string, sum: Preview, rules: readonly AlertRule[]): AlertPageData {
  const { days, alerts, keys, moreKeys } = sum;
  const firstDay = days[0]?.dayMs ?? 0;
  const worst = [...alerts].sort(
    (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || (a.startsAt < b.startsAt ? -1 : 1),
  );
  return {
    title,
    fromMs: sum.fromMs,
    toMs: sum.toMs,
    version: `engram ${version()}`,
    settings: JSON.stringify(rules, null, 2),
    rules: sum.rules.map(({ rule, alerts: n, perDay, open, messages, medianMs }) => {
      const counts = severities.map(() => days.map(() => 0));
      for (const alert of alerts) {
        const day = Math.floor((Date.parse(alert.startsAt) - firstDay) / 86_400_000);
        if (alert.rule === rule && day in counts[0]) counts[severities.indexOf(alert.severity)][day]++;
      }
      return {
        rule,
        alerts: n,
        perDay,
        open,
        messages,
        medianMs: Number.isNaN(medianMs) ? null : medianMs,
        days: counts,
      };
    }),
    days: days.map(({ dayMs }) => dayMs),
    keys,
    moreKeys,
    alerts: worst.slice(0, listedAlerts).map(pageAlert),
    alertsInAll: alerts.length,
  };
}

function pageAlert({
  rule,
  key,
  severity,
  status,
  startsAt,
  endsAt,
  timeMs,
  value,
  expected,
  episodes,
  summary,
}: Alert): PageAlert {
  return {
    rule,
    key,
    severity,
    open: status === 'firing',
    startMs: Date.parse(startsAt),
    endMs: endsAt === undefined ? timeMs : Date.parse(endsAt),
    value,
    expected: expected.p50,
    episodes,
    why: summary,
  };
}
