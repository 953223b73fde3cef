import { stat } from 'node:fs/promises';
import { AppendFile } from '../append.js';
import type { Delivery } from './sink.js';

/** Adds what a receiver will never take to a file, as one line that is on the disk when this resolves. */
export async function keepRefused(path: string, delivery: Delivery, error: string): Promise<void> {
  const bytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const file = new AppendFile(path);
  try {
    await file.open(bytes);
    await file.append(`${JSON.stringify({ error, delivery })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
