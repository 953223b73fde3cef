import { setFlagsFromString } from 'node:v8';

/**
 * Keeps rows in the young part of the heap, where what has died costs nothing. What lived long in a bad moment V8 allocates in
 * the old part from then on; there dead rows keep young ones alive until the next full collection, and in about every second
 * run all of it took up to twice as long. It decides by function, once, so this must be called before rows come.
 */
export function keepRowsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
