import type { Bounds } from './admin.js';
import type { Fetcher } from './fetcher.js';

const partitionsMax = 8;
/** The last offsets of a log are often markers of transactions: so far back a record is looked for. */
const lookBack = 100;

/** What a topic holds, for people who asked for something else: of each partition the offsets, and when their records were written. */
export async function heldBy(
  topic: string,
  bounds: ReadonlyMap<number, Bounds>,
  fetcher: Pick<Fetcher, 'read'>,
): Promise<string> {
  const full = [...bounds].filter(([, { low, high }]) => high > low);
  if (full.length === 0) return `topic ${topic} holds no records`;
  const told: string[] = [];
  for (const [partition, { low, high }] of full.slice(0, partitionsMax)) {
    const first = await timeIn(fetcher, partition, low, high, 'first');
    const last = await timeIn(fetcher, partition, Math.max(low, high - lookBack), high, 'last');
    const written = first === undefined || last === undefined ? '' : `, written ${first} to ${last}`;
    told.push(`partition ${partition} offsets ${low} to ${high - 1}${written}`);
  }
  const more = full.length > partitionsMax ? `; and ${full.length - partitionsMax} partitions more` : '';
  return `topic ${topic} holds in ${told.join('; in ')}${more}`;
}

/** When the first or last record of a stretch was written; undefined where there is none, or it cannot be read. */
async function timeIn(
  fetcher: Pick<Fetcher, 'read'>,
  partition: number,
  from: number,
  to: number,
  which: 'first' | 'last',
): Promise<string | undefined> {
  let timeMs: number | undefined;
  try {
    for await (const { records } of fetcher.read(partition, from, to)) {
      timeMs = records.at(which === 'first' ? 0 : -1)?.timestampMs ?? timeMs;
      if (which === 'first' && timeMs !== undefined) break;
    }
  } catch {
    // It is told without a time.
  }
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}
