import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { END, log } from '../../connectors/log.js';
import type { Event, Result } from '../../event.js';
import { backendOf } from '../../models/pretrain/tfjs.js';
import { Lane } from '../../pipelines/lane.js';
import { loadPipeline } from '../../pipelines/load.js';
import { pretrain } from '../../pipelines/pretrain.js';

const rows = (count: number, keys: readonly string[], spoiledFrom = Number.POSITIVE_INFINITY): Event[] =>
  Array.from({ length: count * keys.length }, (_, offset) => {
    const [t, k] = [Math.floor(offset / keys.length), offset % keys.length];
    const wave = 10 * Math.sin((2 * Math.PI * t) / 12 + k);
    return { key: keys[k], timeMs: t * 3_600_000, values: [t >= spoiledFrom ? 1e6 : wave, -wave], offset };
  });
const channels = ['a', 'b'];
const fitting = { epochs: 3, steps: 16, batch: 8, rate: 1e-2 };
const sourceOf = (events: readonly Event[]) => log([...events, END], { channels });

test('weights that were fitted to a log begin another run, better than those of chance, and only where they fit', async () => {
  const backend = await backendOf('wasm');
  const pipeline = await loadPipeline('light', { memory: 'lstm', weights: 'shared' });
  const source = sourceOf(rows(150, ['x', 'y']));
  const made = await pretrain({ pipeline, source, backend, ...fitting });
  expect(made.rows).toBe(300);
  expect(made.fits.map(({ after, before }) => after < before)).toEqual([true, true]);
  const path = join(mkdtempSync(join(tmpdir(), 'engram-test-')), 'weights.engram');
  writeFileSync(path, made.bytes);

  const error = async (weights: string): Promise<number> => {
    const { stages } = await loadPipeline('light', { memory: 'lstm', weights });
    const lane = new Lane<Result>(stages, { name: 's', channels });
    const said = lane.push({ shard: 's', rows: rows(120, ['new']), rejects: [], next: 120 }).rows;
    lane.close();
    return said
      .slice(60, -1)
      .reduce((sum, { forecast }, i) => sum + Math.abs(forecast.mean[0] - said[61 + i].values[0]), 0);
  };
  expect(await error(path)).toBeLessThan(0.9 * (await error('shared')));

  const further = await loadPipeline('light', { memory: 'lstm', weights: path, horizons: [1, 9] });
  expect(() => new Lane(further.stages, { name: 's', channels })).toThrow('the checkpoint holds other state');
  const { stages } = await loadPipeline('light', { memory: 'lstm', weights: path });
  const settings = stages.find(({ id }) => id === 'remember')?.settings;
  expect(settings).toMatchObject({ weights: 'shared', start: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
});

test('what comes after the moment that ends it is not looked at', async () => {
  const backend = await backendOf('wasm');
  const pipeline = await loadPipeline('light', { memory: 'mingru', weights: 'shared' });
  const untilMs = 100 * 3_600_000;
  const weightsOf = async (events: readonly Event[]) =>
    (await pretrain({ pipeline, source: sourceOf(events), backend, ...fitting, epochs: 1, untilMs })).bytes;
  expect(await weightsOf(rows(140, ['x'], 100))).toEqual(await weightsOf(rows(100, ['x'])));
});

test('a pipeline without a net, and a log beyond the limit, are refused', async () => {
  const backend = await backendOf('wasm');
  const source = sourceOf(rows(20, ['x']));
  const own = await loadPipeline('light', { memory: 'lstm' });
  await expect(pretrain({ pipeline: own, source, backend })).rejects.toThrow(
    'expected a pipeline whose memory is one of lstm, mingru, minlstm, ssm with shared weights, got lstm with own weights',
  );
  const pipeline = await loadPipeline('light', { memory: 'lstm', weights: 'shared' });
  await expect(pretrain({ pipeline, source, backend, rowsMax: 10 })).rejects.toThrow('expected at most 10 rows');
});
