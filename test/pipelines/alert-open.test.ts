import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AlertSink, Delivery } from '../../connectors/alerts/sink.js';
import { openAlerts } from '../../pipelines/alert-open.js';
import { alertOf } from '../connectors/alerts/server.js';
import { HandClock } from './hand-clock.js';

const rules = [{ name: 'any' }];
const place = (): string => mkdtempSync(join(tmpdir(), 'engram-open-'));

test('silences of a file are looked at again when it changes, and stay as they were when it cannot be read', async () => {
  const folder = place();
  const silencesFile = join(folder, 'silences.json');
  const sent: Delivery[] = [];
  const ops: AlertSink = {
    manner: 'grouped',
    send: async (delivery) => void sent.push(delivery),
    close: async () => {},
  };
  const clock = new HandClock();
  const faults: string[] = [];
  const { feed, refresh } = await openAlerts(
    { rules, silencesFile },
    { folder, sinks: { ops }, clock, onSilencesFile: (error) => faults.push(error.message) },
  );
  const silence = {
    name: 's',
    match: { key: 'pump-*' },
    startsAt: '2025-12-31T00:00:00Z',
    endsAt: '2026-01-02T00:00:00Z',
  };
  const write = (text: string, at: number): void => {
    writeFileSync(silencesFile, text);
    utimesSync(silencesFile, at, at);
  };
  write(JSON.stringify([silence]), 1000);
  await refresh();
  await feed.write([alertOf()]);
  write('{', 2000);
  await refresh();
  await clock.pass(60_000);
  expect(sent).toEqual([]);
  expect(faults[0]).toMatch(/expected JSON/);
  write(JSON.stringify([{ ...silence, match: { kye: 'pump-*' } }]), 2500);
  await refresh();
  await clock.pass(60_000);
  expect(sent).toEqual([]);
  expect(faults[1]).toMatch(/silences.json: silences\[0\].match.kye: .*got "kye" \(did you mean "key"\?\)$/);
  write('[]', 3000);
  await refresh();
  await clock.pass(60_000);
  expect(sent).toHaveLength(1);
  await feed.close(false);
});

test('a file that asks for a label which no alert has is refused at the start', async () => {
  const folder = place();
  const silencesFile = join(folder, 'silences.json');
  const silence = { name: 's', startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-02T00:00:00Z' };
  writeFileSync(silencesFile, JSON.stringify([{ ...silence, match: { sites: 'north' } }]));
  const opened = openAlerts({ rules, keyLabels: '{site}/{machine}', silencesFile }, { folder });
  await expect(opened).rejects.toThrow(/silences.json: silences\[0\].match.sites: .*\(did you mean "site"\?\)$/);
  writeFileSync(silencesFile, JSON.stringify([{ ...silence, match: { site: 'north' } }]));
  const { feed } = await openAlerts({ rules, keyLabels: '{site}/{machine}', silencesFile }, { folder });
  await feed.close(false);
});

test.each([
  [{ rules, routes: [{ sinks: ['x'] }] }, 'alerts.routes[0].sinks: expected some of'],
  [
    { rules, silences: [{ name: 's', match: {}, startsAt: 'x', endsAt: 'y' }] },
    'alerts.silences[0].startsAt: expected a time',
  ],
])('a section that does not fit is refused by name: %j', (spec, message) =>
  expect(openAlerts(spec, { folder: place() })).rejects.toThrow(message),
);
