import { f64, type Row, u32 } from '../state/layout.js';
import { type TemporalOptions, temporalDefaults, temporalMemory } from './temporal-memory.js';

export interface CodeOptions extends TemporalOptions {
  /** Codes are whole numbers from 0 up to, not including, this. */
  readonly codes: number;
  /** Columns of each code. */
  readonly width: number;
}

/** The temporal memory as it is given codes. */
export const codeDefaults: CodeOptions = {
  ...temporalDefaults,
  codes: 8192,
  width: 41,
  segments: 32_768,
};

/**
 * Memory of a sequence of codes (states, log templates, places): each code is a fixed random set of columns, without a
 * pooler. Of codes whose columns are expected about as much, the one that came last in this context is more likely.
 */
export function codeMemory(options: CodeOptions = codeDefaults) {
  const { codes, width, columns } = options;
  const memory = temporalMemory({ ...options, activeMax: Math.max(width, options.activeMax) });
  const layout = {
    temporal: memory.layout,
    active: u32(width),
    /** Per column when what predicts it was right last, and what nearly does. */
    expected: u32(columns),
    faint: u32(columns),
    /** Columns of every code, ascending. */
    columns: u32(codes * width),
    /** Share of the columns of the last code that were predicted. */
    share: f64(),
  };
  type Own = Row<typeof layout>;

  /** How strongly a code is expected: the share of its columns, and among those the mean time of their last proof. */
  function support(own: Own, code: number, expected: Uint32Array): { share: number; proof: number } {
    let hits = 0;
    let proof = 0;
    for (let j = code * width; j < (code + 1) * width; j++) {
      const at = expected[own.columns[j]];
      if (at === 0) continue;
      hits++;
      proof += at;
    }
    return { share: hits / width, proof: hits > 0 ? proof / hits : 0 };
  }

  return {
    layout,
    memory,
    start(own: Own, seed: number): void {
      memory.start(own.temporal, seed);
      const taken = new Uint8Array(columns);
      for (let code = 0; code < codes; code++) {
        taken.fill(0);
        let turn = mix(seed ^ Math.imul(code + 1, 0x9e3779b1));
        for (let left = width; left > 0; ) {
          turn = (Math.imul(turn, 1664525) + 1013904223) >>> 0;
          const column = Math.floor((turn / 4_294_967_296) * columns);
          if (taken[column]) continue;
          taken[column] = 1;
          left--;
        }
        let at = code * width;
        for (let column = 0; column < columns; column++) if (taken[column]) own.columns[at++] = column;
      }
    },
    /** Takes in the next code; returns the share of its columns that were predicted. */
    step(own: Own, code: number, learn = true): number {
      for (let j = 0; j < width; j++) own.active[j] = own.columns[code * width + j];
      own.share[0] = memory.step(own.temporal, own.active, width, learn) / width;
      memory.expected(own.temporal, own.expected);
      memory.expected(own.temporal, own.faint, true);
      return own.share[0];
    },
    /** The codes expected next out of `among`, the likeliest first, at most `most` of them. */
    next(own: Own, among: readonly number[], most: number): number[] {
      const ranked = (expected: Uint32Array): number[] => {
        const near = among.map((code) => ({ code, ...support(own, code, expected) }));
        const bar = 0.5 * Math.max(...near.map(({ share }) => share));
        return near
          .filter(({ share }) => share > 0 && share >= bar)
          .sort((a, b) => b.proof - a.proof || b.share - a.share || a.code - b.code)
          .map(({ code }) => code);
      };
      // What is not quite predicted comes after what is.
      return [...new Set([...ranked(own.expected), ...ranked(own.faint)])].slice(0, most);
    },
  };
}

/** 32 bits that look random. */
function mix(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  y = Math.imul(y ^ (y >>> 15), 0x846ca68b);
  return (y ^ (y >>> 16)) >>> 0;
}
