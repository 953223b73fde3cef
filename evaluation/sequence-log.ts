/** Sequences of the discrete benchmark before they are relabelled; neighbours are a pair that differs at both ends. */
const base = [
  [6, 8, 7, 4, 2, 3, 0],
  [1, 8, 7, 4, 2, 3, 5],
  [6, 3, 4, 2, 7, 8, 5],
  [1, 3, 4, 2, 7, 8, 0],
  [0, 9, 7, 8, 5, 3, 4, 1],
  [2, 9, 7, 8, 5, 3, 4, 6],
  [0, 4, 3, 5, 8, 7, 9, 6],
  [2, 4, 3, 5, 8, 7, 9, 1],
] as const;

const symbols = 10;
const separators = 5000;
/** Symbols that only multiple endings and long sequences use come after the separators. */
const extra = symbols + separators;

/** One element, and whether it ends a sequence: then which codes would have been as right. */
export interface Element {
  readonly code: number;
  readonly scored: boolean;
  /** Endings that the sequence may have. */
  readonly endings: readonly number[];
}

export interface LogOptions {
  readonly elements: number;
  readonly seed: number;
  /** From this element on the endings of each pair are swapped. */
  readonly swapAt?: number;
  /** Endings of each sequence, one of them drawn each time. */
  readonly endings?: 1 | 2 | 4;
  /** From this element on the second, third or fourth symbol of each sequence is replaced by a random one. */
  readonly noiseFrom?: number;
  /** Instead of the base set: two pairs of sequences whose first and last of so many symbols alone differ. */
  readonly order?: number;
}

/** Numbers from 0 to 1, not including 1, the same for the same seed. */
export function uniform(seed: number): () => number {
  let state = (Math.imul(seed + 1, 2654435761) ^ 0x2545f491) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * High-order sequences (Cui, Ahmad and Hawkins 2016): drawn one after another, a random separator behind each; only the
 * last symbol can be foreseen, and only by who remembers the first.
 */
export function sequenceLog({
  elements,
  seed,
  swapAt = elements,
  endings = 1,
  noiseFrom = elements,
  order,
}: LogOptions): Element[] {
  const random = uniform(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const set = order === undefined ? relabelled(below) : longSequences(order);
  const log: Element[] = [];
  while (log.length < elements) {
    const which = below(set.length);
    const words = [...set[which]];
    const last = words.length - 1;
    const twin = set[which ^ 1];
    let ends = [(log.length >= swapAt ? twin : words)[last]];
    if (endings > 1) ends = Array.from({ length: endings }, (_, i) => extra + which * endings + i);
    words[last] = ends[below(ends.length)];
    if (log.length >= noiseFrom) words[1 + below(3)] = symbols + below(separators);
    words.forEach((code, i) => {
      log.push({ code, scored: i === last, endings: i === last ? ends : [] });
    });
    log.push({ code: symbols + below(separators), scored: false, endings: [] });
  }
  return log.slice(0, elements);
}

function relabelled(below: (n: number) => number): number[][] {
  const label = Array.from({ length: symbols }, (_, i) => i);
  for (let i = symbols - 1; i > 0; i--) {
    const j = below(i + 1);
    [label[i], label[j]] = [label[j], label[i]];
  }
  return base.map((sequence) => sequence.map((symbol) => label[symbol]));
}

/** First symbols and endings of their own, `order` - 1 symbols shared by each pair. */
function longSequences(order: number): number[][] {
  return [0, 1, 2, 3].map((i) => [
    extra + i,
    ...Array.from({ length: order - 1 }, (_, j) => extra + 8 + (i >> 1) * (order - 1) + j),
    extra + 4 + i,
  ]);
}
