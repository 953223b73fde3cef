import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alertFileSink } from '../../../connectors/alerts/file.js';
import type { Alert } from '../../../event.js';
import { alertOf, deliveryOf, resolvedOf } from './server.js';

const path = (): string => join(mkdtempSync(join(tmpdir(), 'engram-alerts-')), 'alerts.ndjson');
const linesOf = (file: string): Alert[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Alert);

test('every change is a line', async () => {
  const file = path();
  const sink = alertFileSink({ path: file });
  await sink.send(deliveryOf([alertOf()]));
  await sink.send(deliveryOf([resolvedOf()]));
  await sink.close();
  expect(linesOf(file)).toEqual([alertOf(), resolvedOf()]);
});

test('what a crash left half written is written once, and what it left unnoted is not written again', async () => {
  const file = path();
  const first = alertFileSink({ path: file });
  await first.send(deliveryOf([alertOf({ id: 'a' }), alertOf({ id: 'b' })]));
  await first.close();
  appendFileSync(file, '{"id":"c","revi');
  const second = alertFileSink({ path: file });
  await second.send(deliveryOf([alertOf({ id: 'b' }), alertOf({ id: 'c' })]));
  await second.close();
  expect(linesOf(file).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});
