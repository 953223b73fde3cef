import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alertSinkOf } from '../../../connectors/alerts/catalog.js';
import { alertOf, deliveryOf } from './server.js';

test('a sink is made of its name and options', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'engram-alerts-')), 'alerts.ndjson');
  const sink = await alertSinkOf({ file: { path } });
  await sink.send(deliveryOf([alertOf()]));
  await sink.close();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ id: 'a1' });
});

test('authorities that are not there are told', () =>
  expect(alertSinkOf({ pagerduty: { routingKey: { env: 'PATH' }, ca: '/nowhere.pem' } })).rejects.toThrow(
    'ca: expected a PEM file at /nowhere.pem, it cannot be read (ENOENT)',
  ));
