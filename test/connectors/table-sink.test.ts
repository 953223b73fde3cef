import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { fileSource } from '../../connectors/file.js';
import { resultColumns } from '../../connectors/flat.js';
import type { Sink } from '../../connectors/sink.js';
import { arrowSink, parquetSink } from '../../connectors/table-sink.js';
import type { Result } from '../../event.js';
import { collect, folder } from './collect.js';
import { results, shape } from './results.js';

const at = folder();
const columns = resultColumns(shape);
const rows = results(3000);
const make = {
  arrow: (path: string) => arrowSink(path, columns),
  parquet: (path: string) => parquetSink(path, columns),
};
const formats = ['arrow', 'parquet'] as const;

async function write(sink: Sink<Result>, given: readonly Result[], batchRows: number): Promise<void> {
  for (let from = 0; from < given.length; from += batchRows) await sink.write(given.slice(from, from + batchRows));
}

async function calm(format: 'arrow' | 'parquet', name: string, given = rows, batchRows = 1000): Promise<string> {
  const path = join(at, `${name}.${format}`);
  const sink = make[format](path);
  await sink.open(undefined);
  await write(sink, given, batchRows);
  await sink.close(true);
  return path;
}

/** A row as flat columns, missing reals as null. */
const flat = (row: Result): unknown[] =>
  columns.map(({ of }) => {
    const cell = of(row);
    return Number.isNaN(cell) ? null : cell;
  });

test('what is in an Arrow file', async () => {
  const path = await calm('arrow', 'content');
  const table = tableFromIPC(readFileSync(path));
  expect(table.schema.fields.map(({ name }) => name)).toEqual([
    'id',
    'key',
    'time',
    'offset',
    'flow',
    'score_2',
    'surprise',
    'score',
    'alarm',
    'warmup',
    'flow_mean_h1',
    'flow_q1_h1',
    'flow_q50_h1',
    'flow_q99_h1',
    'flow_mean_h48',
    'flow_q1_h48',
    'flow_q50_h48',
    'flow_q99_h48',
    'score_mean_h1',
    'score_q1_h1',
    'score_q50_h1',
    'score_q99_h1',
    'score_mean_h48',
    'score_q1_h48',
    'score_q50_h48',
    'score_q99_h48',
  ]);
  expect(table.numRows).toBe(rows.length);
  const cells = table.schema.fields.map((_, i) => table.getChildAt(i));
  for (const [r, row] of rows.entries()) {
    expect(
      cells.map((column) => (typeof column?.get(r) === 'bigint' ? Number(column.get(r)) : column?.get(r))),
    ).toEqual(flat(row));
  }
  expect(existsSync(`${path}.arrow.part`)).toBe(false);
});

test('what is in a Parquet file', async () => {
  const read = await parquetReadObjects({ file: await asyncBufferFromFile(await calm('parquet', 'content')) });
  expect(read).toHaveLength(rows.length);
  for (const [r, row] of rows.entries()) {
    const cells = columns.map(({ name }) => read[r][name]);
    expect(cells.map((cell) => (typeof cell === 'bigint' || cell instanceof Date ? Number(cell) : cell))).toEqual(
      flat(row),
    );
  }
});

describe.each(formats)('%s', (format) => {
  test('the bytes do not depend on how the rows came', async () => {
    const whole = readFileSync(await calm(format, 'whole'));
    for (const batchRows of [1, 7, 1024, 5000]) {
      expect(readFileSync(await calm(format, 'cut', rows, batchRows)).equals(whole)).toBe(true);
    }
  });

  test('a run that dies anywhere and goes on from its mark ends with the same bytes', async () => {
    const whole = readFileSync(await calm(format, 'whole'));
    const path = join(at, `crash.${format}`);
    for (const cut of [0, 1, 1023, 1024, 2500, rows.length]) {
      const first = make[format](path);
      await first.open(undefined);
      await write(first, rows.slice(0, cut), 300);
      const mark = await first.flush();
      await write(first, rows.slice(cut, cut + 1500), 400);
      await first.close(false);
      // The last write may be torn.
      writeFileSync(
        `${path}.arrow.part`,
        readFileSync(`${path}.arrow.part`).subarray(0, -3 * Number(cut < 2500) || undefined),
      );
      const second = make[format](path);
      await second.open(mark);
      await write(second, rows.slice(cut), 500);
      await second.close(true);
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
  });

  test('a finished file can be gone back from', async () => {
    const path = await calm(format, 'finished');
    const whole = readFileSync(path);
    for (const mark of [0, 1500, rows.length]) {
      const sink = make[format](path);
      await sink.open(mark);
      await write(sink, rows.slice(mark), 700);
      await sink.close(true);
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
    await expect(make[format](path).open(rows.length + 1)).rejects.toThrow(/expected 3001 rows.*found 3000/);
  });

  test('a finished file that was removed is named in the error, and one without rows is made again', async () => {
    const path = await calm(format, 'removed');
    const none = readFileSync(await calm(format, 'nothing', []));
    rmSync(path);
    const error = await make[format](path)
      .open(rows.length)
      .catch(({ message }: Error) => message);
    expect(error).toMatch(
      /removed\.(arrow|parquet): expected the 3000 rows .* the file is gone: put it back, or start/,
    );
    expect(error).not.toContain('.part');
    const again = make[format](path);
    await again.open(0);
    await again.close(true);
    expect(readFileSync(path).equals(none)).toBe(true);
  });

  test('a spool of other columns, or with too few rows, or none, is refused', async () => {
    const path = join(at, `other.${format}`);
    const sink = make[format](path);
    await sink.open(undefined);
    await sink.write(rows.slice(0, 5));
    await sink.close(false);
    const others = resultColumns({ ...shape, channels: ['a', 'b'] });
    await expect(arrowSink(path, others).open(5)).rejects.toThrow('expected the columns id, key, time, offset, a, b');
    await expect(arrowSink(path, columns).open(6)).rejects.toThrow('expected 6 rows');
    rmSync(`${path}.arrow.part`);
    await expect(arrowSink(path, columns).open(5)).rejects.toThrow(
      `${path}: expected the 5 rows that the checkpoint says were written, the file is gone`,
    );
  });

  test('no rows are a file without rows', async () => {
    const path = await calm(format, 'none', []);
    const { rows: none, ends } = await collect(fileSource(path, { time: 'time', values: ['flow'] }));
    expect([none.length, ends]).toEqual([0, true]);
  });

  test('our own source reads it back', async () => {
    const path = await calm(format, 'again');
    const read = await collect(fileSource(path, { time: 'time', values: ['flow', 'score_2'], key: 'key', shard: 's' }));
    expect(read.rows).toEqual(
      rows.map(({ key, timeMs, values, offset }) => ({ key, timeMs, values: [...values], offset })),
    );
    // Nothing needs to be named: scores and forecasts are no channels.
    const bare = await collect(fileSource(path, { shard: 's' }));
    expect(bare.channels).toEqual(['flow', 'score_2']);
    expect(bare.rows).toEqual(read.rows);
    const late = await collect(fileSource(path, { time: 'time', values: ['flow'] }), 2990);
    expect(late.rows).toHaveLength(10);
  });
});

const pyarrow = (() => {
  try {
    execFileSync('python3', ['-c', 'import pyarrow, pyarrow.parquet'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!pyarrow)(`pyarrow reads the same${pyarrow ? '' : ' (skipped: python3 has no pyarrow)'}`, async () => {
  const arrow = await calm('arrow', 'python');
  const parquet = await calm('parquet', 'python');
  copyFileSync(arrow, join(at, 'copy.arrow'));
  const program = [
    'import sys, json, pyarrow.ipc as ipc, pyarrow.parquet as pq',
    'def rows(t):',
    '    t = t.set_column(2, "time", t["time"].cast("int64"))',
    '    return [list(r.values()) for r in t.to_pylist()]',
    'a = ipc.open_file(sys.argv[1]).read_all(); a.validate(full=True)',
    'p = pq.read_table(sys.argv[2]); p.validate(full=True)',
    'print(json.dumps([rows(a), rows(p), [str(f.type) for f in a.schema][:9]]))',
  ].join('\n');
  const out = execFileSync('python3', ['-c', program, arrow, parquet], { maxBuffer: 1 << 28 });
  const [a, p, types] = JSON.parse(String(out));
  expect(types).toEqual([
    'string',
    'string',
    'timestamp[ms, tz=UTC]',
    'int64',
    'double',
    'double',
    'double',
    'double',
    'bool',
  ]);
  expect(a).toEqual(rows.map(flat));
  expect(p).toEqual(rows.map(flat));
});
