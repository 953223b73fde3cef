import { setImmediate } from 'node:timers/promises';
import { type Frozen, seal } from '../checkpoint.js';

/** The file of a frozen checkpoint; between two slices of its checksums everything else in the process may go on. */
export async function sealed(frozen: Frozen): Promise<Uint8Array> {
  const sealing = seal(frozen);
  for (;;) {
    const { done, value } = sealing.next();
    if (done) return value;
    await setImmediate();
  }
}
