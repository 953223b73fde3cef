import type { Batch, Event } from '../event.js';

/** A batch in two, the first with `count` rows and all that lies before `next`; marks come first, ends and keys to be forgotten last. */
export function cutBatch(batch: Batch<Event>, count: number, next: number): [Batch<Event>, Batch<Event>] {
  const { shard, rows, rejects, records, lines, marks } = batch;
  const parts = <T extends { readonly offset: number }>(all: readonly T[]): [T[], T[]] => [
    all.filter(({ offset }) => offset < next),
    all.filter(({ offset }) => offset >= next),
  ];
  const [refused, later] = parts(rejects);
  const [lying, coming] = records ? parts(records) : [];
  const { marks: _, ...rest } = batch;
  return [
    {
      ...{ shard, rows: rows.slice(0, count), rejects: refused, next },
      ...(lying ? { records: lying } : {}),
      ...(lines ? { lines: lines.slice(0, count) } : {}),
      ...(marks ? { marks } : {}),
    },
    {
      ...{ ...rest, rows: rows.slice(count), rejects: later },
      ...(coming ? { records: coming } : {}),
      ...(lines ? { lines: lines.slice(count) } : {}),
    },
  ];
}
