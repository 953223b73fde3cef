import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Alert } from '../../event.js';
import { AppendFile } from '../append.js';
import type { AlertSink } from './sink.js';

export interface AlertFileOptions {
  readonly path: string;
}

/** What of a file is looked at for changes that a crash left written but not noted as delivered. */
const tailBytes = 4 * 1024 * 1024;

/** Every change as a JSON line. A line that a crash cut off is taken away, and none is written twice. */
export function alertFileSink({ path }: AlertFileOptions): AlertSink {
  const file = new AppendFile(path);
  let written: Set<string> | undefined;
  const nameOf = ({ id, revision }: Pick<Alert, 'id' | 'revision'>): string => `${id} ${revision}`;
  const begin = async (): Promise<Set<string>> => {
    const { bytes, names } = await tailOf(path, nameOf);
    await file.open(bytes);
    return names;
  };
  return {
    manner: 'each',
    async send({ alerts }) {
      written ??= await begin();
      const fresh = alerts.filter((alert) => !written?.has(nameOf(alert)));
      if (fresh.length === 0) return;
      try {
        await file.append(fresh.map((alert) => `${JSON.stringify(alert)}\n`).join(''));
        await file.sync();
      } catch (error) {
        // Half a line may be there: it is opened anew, and cut back.
        written = undefined;
        await file.close();
        throw error;
      }
      // Only what came last can come again: the queue hands on in order.
      written = new Set(alerts.map(nameOf));
    },
    close: () => file.close(),
  };
}

/** Length of the whole lines of a file, and which changes its last ones are. */
async function tailOf(path: string, nameOf: (alert: Alert) => string): Promise<{ bytes: number; names: Set<string> }> {
  const names = new Set<string>();
  if (!existsSync(path)) return { bytes: 0, names };
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - tailBytes);
    const tail = Buffer.alloc(size - from);
    await handle.read(tail, 0, tail.length, from);
    const end = tail.lastIndexOf(0x0a) + 1;
    for (const line of tail
      .subarray(0, end)
      .toString('utf8')
      .split('\n')
      .slice(from > 0 ? 1 : 0, -1)) {
      try {
        names.add(nameOf(JSON.parse(line) as Alert));
      } catch {
        // A line of somebody else: it stays, and is none of ours.
      }
    }
    return { bytes: end === 0 && from === 0 ? 0 : from + end, names };
  } finally {
    await handle.close();
  }
}
