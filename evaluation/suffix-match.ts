import type { SequencePredictor } from './sequence-score.js';

/** Longest suffix of the past that was seen before, up to this many codes. */
const orders = 10;

/** The floor of the sequence benchmark: what followed the longest matching suffix, the last time and the times before. */
export function suffixMatch(): SequencePredictor {
  /** Continuations of a suffix, the newest first. */
  const followed = new Map<string, number[]>();
  let past: number[] = [];
  return {
    next(code, most, learn) {
      if (learn) {
        for (let order = 1; order <= past.length; order++) {
          const key = past.slice(-order).join();
          const list = followed.get(key) ?? [];
          followed.set(key, [code, ...list.filter((other) => other !== code)].slice(0, 8));
        }
      }
      past = [...past, code].slice(-orders);
      for (let order = past.length; order > 0; order--) {
        const list = followed.get(past.slice(-order).join());
        if (list) return list.slice(0, most);
      }
      return [];
    },
  };
}
