import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepRefused } from '../../../connectors/alerts/refused.js';
import { alertOf, deliveryOf } from './server.js';

test('what is refused is a line behind those of before, with the delivery as it was', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'engram-refused-')), 'refused.ndjson');
  const deliveries = ['a', 'b'].map((id) => deliveryOf([alertOf({ id, key: 'ä\nb' })], { id }));
  for (const delivery of deliveries) await keepRefused(path, delivery, 'answered 400');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    deliveries.map((delivery) => ({ error: 'answered 400', delivery })),
  );
});
