import { f64, type Layout, type Row, u8, u32 } from '../state/layout.js';
import { mix } from './encoders.js';
import { kernels } from './kernels/index.js';
import type { LikelyWord, WordPrediction } from './model.js';
import { type TemporalOptions, temporalMemory } from './temporal-memory.js';
import { wordChances } from './word-chances.js';
import { type DictionaryState, dictionary, type WordLimit } from './words.js';

export interface WordMemoryOptions {
  readonly temporal: TemporalOptions;
  /** Columns active at once, shared by the channels. */
  readonly winners: number;
  /** Indices of the channels of words. */
  readonly channels: readonly number[];
  readonly words: WordLimit;
  readonly seed: number;
}

/** A word is a candidate where at least this share of its columns is expected, and half of what the foremost word has. */
const shareMin = 0.25;
const shareOfBest = 0.5;

/**
 * Memory of words (states, log templates, places): each is a random set of columns drawn from its letters, without a
 * pooler, so that it is the same whenever it comes and whatever came before. Of words whose columns are expected about
 * as much, the one that came last in this context is ranked first; what ranks are worth is counted.
 */
export function wordMemory({ temporal, winners, channels, words, seed }: WordMemoryOptions) {
  const { columns } = temporal;
  const width = Math.max(1, Math.floor(winners / channels.length));
  const memory = temporalMemory({ ...temporal, activeMax: Math.max(winners, temporal.activeMax) });
  const { limit } = words;
  const list = dictionary(words);
  const chances = wordChances(list, limit);
  const channel = { words: list.layout, chances: chances.layout, columns: u32(limit * width) };
  type Channel = Row<typeof channel>;
  const names = channels.map((c) => `w${c}`);
  const common = {
    rows: f64(),
    temporal: memory.layout,
    active: u32(winners),
    /** Columns of the row, ones. */
    set: u8(columns),
    expected: u32(columns),
    faint: u32(columns),
  };
  type Common = Row<typeof common>;
  const layout: Layout = { ...common, ...Object.fromEntries(names.map((name) => [name, channel])) };

  /** The columns of a new word: chance begins with its letters and the channel. */
  function draw(own: Channel, slot: number, c: number): void {
    let turn = mix(own.words.hash[slot] ^ mix(seed ^ Math.imul(c + 1, 0x9e3779b1)));
    const first = slot * width;
    for (let j = 0; j < width; ) {
      turn = (Math.imul(turn, 1664525) + 1013904223) >>> 0;
      const column = Math.floor((turn / 4_294_967_296) * columns);
      let at = first;
      while (at < first + j && own.columns[at] !== column) at++;
      if (at < first + j) continue;
      own.columns[at] = column;
      j++;
    }
  }

  /** Slots whose columns are expected, the one that was right last before the others. */
  function ranked(own: Channel, expected: Uint32Array): number[] {
    const near: { slot: number; share: number; proof: number }[] = [];
    let bar = shareMin;
    for (let slot = 0; slot < own.words.size[0]; slot++) {
      let hits = 0;
      let proof = 0;
      for (let j = slot * width; j < (slot + 1) * width; j++) {
        const at = expected[own.columns[j]];
        if (at === 0) continue;
        hits++;
        proof += at;
      }
      const share = hits / width;
      if (share < bar) continue;
      bar = Math.max(bar, shareOfBest * share);
      near.push({ slot, share, proof: proof / hits });
    }
    const hash = (slot: number): number => own.words.hash[slot];
    return near
      .filter(({ share }) => share >= bar)
      .sort((a, b) => b.proof - a.proof || b.share - a.share || hash(a.slot) - hash(b.slot))
      .map(({ slot }) => slot);
  }

  /** Learns what the ranks were worth, and gives the word its slot, -1 for none. */
  function take(own: Channel, word: string | undefined, c: number, t: number, learn: boolean): number {
    if (word === undefined) return -1;
    const known = list.find(own.words, word);
    if (learn) chances.learn(own.chances, known);
    const slot = known >= 0 ? known : list.add(own.words, word);
    if (known < 0) {
      draw(own, slot, c);
      chances.clear(own.chances, slot);
    }
    chances.count(own.chances, own.words, slot, t, learn);
    return slot;
  }

  return {
    layout,
    memory,
    start(row: Row<Layout>): void {
      const own = row as unknown as Common;
      memory.start(own.temporal, seed);
      for (const name of names) chances.start((row[name] as unknown as Channel).chances);
    },
    /** Scores and learns the words of a row, or only follows them, and says what comes next; returns their surprise in nats. */
    step(row: Row<Layout>, said: readonly (string | undefined)[], out: WordPrediction[], learn = true): number {
      const own = row as unknown as Common;
      const parts = names.map((name) => row[name] as unknown as Channel);
      const t = own.rows[0];
      let surprise = 0;
      own.set.fill(0);
      let any = false;
      const before = channels.map((c, k): { tail: number; expected: readonly LikelyWord[] } => {
        const part = parts[k];
        const expected = chances.tell(part.chances, part.words as DictionaryState);
        const word = said[c];
        const slot = word === undefined ? -1 : list.find(part.words, word);
        const chance = word === undefined ? Number.NaN : chances.of(part.chances, slot);
        const tail = Number.isNaN(chance) ? Number.NaN : chances.tail(part.chances, part.words, chance);
        if (chance > 0) surprise -= kernels.log(chance);
        return { tail, expected };
      });
      channels.forEach((c, k) => {
        const slot = take(parts[k], said[c], c, t, learn);
        if (slot < 0) return;
        any = true;
        for (let j = slot * width; j < (slot + 1) * width; j++) own.set[parts[k].columns[j]] = 1;
      });
      if (any) {
        let n = 0;
        for (let column = 0; column < columns; column++) if (own.set[column]) own.active[n++] = column;
        memory.step(own.temporal, own.active, n, learn);
        memory.expected(own.temporal, own.expected);
        memory.expected(own.temporal, own.faint, true);
      }
      parts.forEach((part, k) => {
        const firm = ranked(part, own.expected);
        // What is not quite predicted comes after what is.
        const all = [...new Set([...firm, ...ranked(part, own.faint)])];
        chances.spread(part.chances, part.words, all, firm.length, t);
        out.push({ channel: channels[k], ...before[k], next: chances.tell(part.chances, part.words) });
      });
      own.rows[0] = t + 1;
      return surprise;
    },
  };
}
