import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseUntil, parseWhole, progressOf } from '../../cli/pretrain.js';
import { dailyCsv, engram, folder } from './command.js';

test('a log becomes weights, which replay begins with and inspect shows', async () => {
  const dir = folder();
  const [log, weights] = [join(dir, 'log.csv'), join(dir, 'weights.engram')];
  writeFileSync(log, dailyCsv(300));
  const fitted = ['pretrain', log, '--memory', 'mingru', '--pipeline', 'light', '--backend', 'wasm', '--steps', '16'];
  const { code, out, err } = await engram([...fitted, '--epochs', '2', '--out', weights]);
  expect([code, err]).toEqual([0, expect.stringMatching(/TensorFlow.js \d+\.\d+\.\d+, backend wasm/)]);
  expect(out).toMatch(/value: loss on the newest \d+ rows [\d.]+ before, [\d.]+ after 2 epochs over \d+ rows/);
  const run = ['replay', log, '--pipeline', 'light', '--memory', 'mingru', '--out', join(dir, 'out.ndjson')];
  expect((await engram([...run, '--weights', weights])).code).toBe(0);
  expect(existsSync(join(dir, 'out.ndjson'))).toBe(true);
  expect((await engram(['inspect', weights])).out).toContain('remember');
});

test('what it cannot do is told', async () => {
  const dir = folder();
  const log = join(dir, 'log.csv');
  writeFileSync(log, dailyCsv(50));
  const out = ['--out', join(dir, 'w')];
  const short = await engram(['pretrain', log, '--pipeline', 'light', '--backend', 'wasm', ...out]);
  expect([short.code, short.err]).toEqual([1, expect.stringContaining('expected at least 64 rows of one series')]);
  const named = await engram(['pretrain', log, '--memory', 'rls', ...out]);
  expect([named.code, named.err]).toEqual([2, expect.stringContaining('--memory: expected one of lstm, mingru')]);
  const missing = await engram(['replay', log, '--memory', 'lstm', '--weights', 'nowhere']);
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('there is no such file')]);
});

test('the bar goes once from left to right, however many channels there are', () => {
  const at = (nth: number, epoch: number, channels = 2) =>
    progressOf({ nth, epoch, channels, channel: 'flow', epochs: 4, done: 0.5, loss: 0.25, validation: 0.5 });
  expect([at(0, 1), at(0, 4), at(1, 1), at(1, 4)].map(([share]) => share)).toEqual([0.0625, 0.4375, 0.5625, 0.9375]);
  expect(at(1, 2)[1]).toBe('flow (2 of 2)  epoch 2 of at most 4  loss 0.25  best judged 0.5');
  expect(at(0, 2, 1)).toEqual([0.375, 'epoch 2 of at most 4  loss 0.25  best judged 0.5']);
});

test('a moment and a number are read, or told', () => {
  expect(parseUntil('2014-12-01')).toBe(Date.UTC(2014, 11, 1));
  expect(parseUntil('2014-12-01 12:30')).toBe(Date.UTC(2014, 11, 1, 12, 30));
  expect(parseUntil('2014-12-01T12:00+02:00')).toBe(Date.UTC(2014, 11, 1, 10));
  expect(() => parseUntil('soon')).toThrow('--until: expected a time such as 2014-12-01');
  expect(parseWhole('--epochs')('12')).toBe(12);
  expect(() => parseWhole('--epochs')('0')).toThrow('--epochs: expected a whole number of at least 1, got "0"');
});
