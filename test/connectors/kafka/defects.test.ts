import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What is wrong with kafkajs 2.2.4 and worked round here; the number is what tests name. */
const defects = [
  'its filter of aborted records leaks where transactions overlap',
  'a key of four zero bytes passes for a marker',
  'after a failed commit or abort its producer is stuck',
  'offsets in transactions carry no generation, so members are not fenced',
  'offsets are read without waiting for transactions that are still open',
  'the producer id is asked for only when a transaction begins',
  'three of the requests of a transaction are not retried, the fourth too late; coordinators are asked for each time',
  'sequence numbers break at 2^31',
  'an offset out of range is committed as -1 or -2, and reading jumps',
  'a retry may move records without a key to another partition',
  'a paused partition is looked at again only after the long poll',
  'one slow partition holds up all others of its broker',
  'administration needs a controller that some mocks do not name',
  'offsets are text, and any slice keeps the whole answer of the broker alive',
  'every producer has connections of its own',
];

test('each of the defects of kafkajs has a test that names it', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const texts = ['test/connectors/kafka', 'test/pipelines'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const named = new Set(
    texts
      .flatMap((text) => [...text.matchAll(/\(defects? ([\d, ]+)[):]/g)])
      .flatMap(([, numbers]) => numbers.split(',').map(Number)),
  );
  // Number 10 is looked at inside the test of number 7.
  expect(texts.some((text) => text.includes('// Defect 10:'))).toBe(true);
  expect(defects.map((_, i) => i + 1).filter((number) => number !== 10 && !named.has(number))).toEqual([]);
});
