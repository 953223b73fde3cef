import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outputs, sinkOf, sinks, sourceOf, sources } from '../../connectors/catalog.js';
import { END } from '../../connectors/log.js';
import { collect, folder } from './collect.js';
import { results, shape } from './results.js';

const at = folder();

test.each(Object.keys(sinks) as (keyof typeof sinks)[])(
  'what the %s sink writes, the source of that name reads',
  async (format) => {
    const path = join(at, `results.${format}`);
    const rows = results(50);
    const sink = sinkOf(path, outputs.results(shape));
    expect(sink.name).toBe(path);
    await sink.open(undefined);
    await sink.write(rows);
    await sink.close(true);
    const options = format === 'ndjson' ? {} : { time: 'time', key: 'key', values: ['flow', 'score_2'] };
    const read = await collect(sourceOf(path, options));
    expect(read.rows).toEqual(
      rows.map(({ key, timeMs, values, offset }) => ({ key, timeMs, values: [...values], offset })),
    );
    expect((await collect(sources[format](path, options))).rows).toEqual(read.rows);
  },
);

test('anomalies and rejects can be written in every format', async () => {
  const reject = { shard: 's', offset: 3, stage: 'decode', reason: 'cut', message: 'm', line: 4 };
  for (const format of Object.keys(sinks)) {
    const path = join(at, `rejects.${format}`);
    const sink = sinkOf(path, outputs.rejects());
    await sink.open(undefined);
    await sink.write([reject]);
    await sink.close(true);
    expect(readFileSync(path).length).toBeGreaterThan(50);
    const empty = sinkOf(join(at, `anomalies.${format}`), outputs.anomalies());
    await empty.open(undefined);
    await empty.close(true);
  }
});

test('other endings are refused', () => {
  expect(() => sinkOf('a.ndjsn', outputs.anomalies())).toThrow(
    /a\.ndjsn: expected an output that ends with .*did you mean "ndjson"/,
  );
  expect(() => sinkOf('a.csv', outputs.anomalies())).toThrow('expected an output that ends with');
  expect(sinkOf('-', outputs.anomalies()).name).toBe('stdout');
});

test('the log is a source like the others', async () => {
  expect((await collect(sources.log([1, END]))).rows).toHaveLength(1);
});
