import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readWeights, withWeights } from '../../pipelines/weights.js';
import { frame } from '../../state/checkpoint.js';

const folder = mkdtempSync(join(tmpdir(), 'engram-test-'));
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const empty = frame({ shard: 's', next: 0, ended: true, pipeline: '{}', stages: { remember: {} }, sinks: {} });

test('what is no checkpoint with a memory is refused with what it is', async () => {
  await expect(readWeights(join(folder, 'none'))).rejects.toThrow(
    /expected own, shared, or a checkpoint of engram pretrain, got ".*none": there is no such file/,
  );
  await expect(readWeights(folder)).rejects.toThrow('cannot be read');
  await expect(readWeights(file('text', new TextEncoder().encode('hello')))).rejects.toThrow(/text: expected/);
  const other = frame({ shard: 's', next: 0, ended: true, pipeline: '{}', stages: {}, sinks: {} });
  await expect(readWeights(file('other', other))).rejects.toThrow('expected a checkpoint with a step remember');
});

test('a path stands for what the file holds, words stay words, and all else is as it was', async () => {
  const path = file(
    'damaged',
    empty.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
  );
  const stages = (weights: unknown) => ({ name: 'x', stages: [{ remember: { memory: 'lstm', weights } }] });
  await expect(withWeights(stages(path))).rejects.toThrow(/weights: .*damaged: /);
  expect(await withWeights(stages('shared'))).toEqual(stages('shared'));
  expect(await withWeights(5)).toBe(5);
  const sides = (weights: string) => ({
    stages: [{ challenge: { champion: stages('own'), challenger: stages(weights) } }],
  });
  expect(await withWeights(sides('own'))).toEqual(sides('own'));
  await expect(withWeights(sides(path))).rejects.toThrow(/weights: .*damaged: /);
});
