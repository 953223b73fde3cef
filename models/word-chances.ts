import { f32, f64, type Row, u8, u32 } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { LikelyWord } from './model.js';
import type { Dictionary, DictionaryState } from './words.js';

/** Ranks that are told apart, and numbers of firm candidates (this many, or more). */
const ranks = 8;
const crowds = 6;
/** Successors that are kept of a word, the least frequent gives way. */
const successors = 8;
/** Rows after which what was counted has faded. */
const memoryRows = 2000;
/** Rows that what holds for all words is worth, where it is asked what candidates are worth after one word. */
const doubt = 4;
/** Weight of all that has not followed a word yet, among counts of what has. */
const leftOver = 0.3;
/** How long it is remembered which of the two told better, and the most that one can be ahead, in nats. */
const oddsKept = 0.98;
const oddsMax = 6;
/** Words that are told of a distribution, and the least probability of one. */
const told = 4;
const leastTold = 0.005;

/**
 * Probabilities of the next word, a mixture of two: what the ranks of a list of candidates were worth after this word (and in
 * general with so many firm candidates), and which words followed this one how often. After each word the one weighs more
 * that told better there of late: weights ∝ e^(sum of log probabilities, fading).
 */
export function wordChances(dictionary: Dictionary, limit: number) {
  const line = ranks + 1;
  const layout = {
    /** Hits of each rank and, last, misses: by the number of firm candidates, and by the word before. */
    hits: f64(crowds * line),
    after: f32(limit * line),
    /** Words that followed each: 1 + slot, and how often. */
    next: u32(limit * successors),
    times: f32(limit * successors),
    /** Of words that had not followed the one before: known ones, new ones. */
    kinds: f64(2),
    /** By the word before: how much better ranks told than successors, in nats. */
    odds: f64(limit),
    /** 1 when there is a distribution. */
    known: u32(),
    chance: f64(limit),
    novel: f64(),
    byRank: f64(limit),
    novelByRank: f64(),
    bySuccessor: f64(limit),
    novelBySuccessor: f64(),
    /** 1 + rank of each slot; 0: none. */
    rank: u8(limit),
    firm: u32(),
    /** 1 + slot of the word before. */
    last: u32(),
  };
  type Own = Row<typeof layout>;
  // Written before it is read, for every word.
  const share = new Float64Array(line);

  /** What each rank, and a miss, is worth after the last word. */
  function worth(own: Own, listed: number): void {
    const first = own.firm[0] * line;
    let sum = own.hits[first + ranks];
    for (let r = 0; r < listed; r++) sum += own.hits[first + r];
    const at = (own.last[0] - 1) * line;
    let all = 0;
    for (let r = 0; r < line; r++) {
      const here = r < listed || r === ranks;
      share[r] = here ? own.after[at + r] + (doubt * own.hits[first + r]) / sum : 0;
      all += share[r];
    }
    for (let r = 0; r < line; r++) share[r] /= all;
  }

  /** How often a word followed the last one. */
  function followed(own: Own, slot: number): number {
    const at = (own.last[0] - 1) * successors;
    for (let i = at; i < at + successors; i++) if (own.next[i] === slot + 1) return own.times[i];
    return 0;
  }

  /** Counts that a word followed the last one. */
  function follow(own: Own, slot: number): void {
    const at = (own.last[0] - 1) * successors;
    let least = at;
    let found = -1;
    for (let i = at; i < at + successors; i++) {
      own.times[i] *= 1 - 1 / memoryRows;
      if (own.next[i] === slot + 1) found = i;
      if (own.times[i] < own.times[least]) least = i;
    }
    if (found < 0) {
      own.next[least] = slot + 1;
      own.times[least] = 0;
    }
    own.times[found < 0 ? least : found]++;
  }

  /** The distribution by which words followed the last one; what none did yet has the part that such words took. */
  function tellSuccessors(own: Own, words: DictionaryState, t: number): void {
    let near = 0;
    let far = 0;
    for (let slot = 0; slot < words.size[0]; slot++) {
      const times = followed(own, slot);
      if (times > 0) near += times;
      else far += weightOf(words, slot, t);
    }
    const strange = leftOver / (near + leftOver);
    const known = far > 0 ? own.kinds[0] / (own.kinds[0] + own.kinds[1]) : 0;
    own.novelBySuccessor[0] = strange * (1 - known);
    for (let slot = 0; slot < words.size[0]; slot++) {
      const times = followed(own, slot);
      own.bySuccessor[slot] =
        times > 0 ? times / (near + leftOver) : (strange * known * weightOf(words, slot, t)) / far;
    }
  }

  return {
    layout,
    start(own: Own): void {
      for (let m = 0; m < crowds; m++) {
        for (let r = 0; r < ranks; r++) own.hits[m * line + r] = 1 / (1 << r) / (m === 0 ? 4 : 1);
        own.hits[m * line + ranks] = 1;
      }
      own.kinds.fill(1);
    },
    /** Forgets what was known of the word that had this slot. */
    clear(own: Own, slot: number): void {
      own.after.fill(0, slot * line, (slot + 1) * line);
      own.next.fill(0, slot * successors, (slot + 1) * successors);
      own.times.fill(0, slot * successors, (slot + 1) * successors);
      for (let i = 0; i < own.next.length; i++) if (own.next[i] === slot + 1) own.next[i] = own.times[i] = 0;
      own.odds[slot] = 0;
      if (own.last[0] === slot + 1) own.last[0] = 0;
    },
    /** Probability of the word of a slot, of a new one for -1; NaN before there is a distribution. */
    of: (own: Own, slot: number): number =>
      own.known[0] === 0 ? Number.NaN : slot < 0 ? own.novel[0] : own.chance[slot],
    /** Probability of something at most as likely. */
    tail(own: Own, words: DictionaryState, chance: number): number {
      if (own.known[0] === 0) return Number.NaN;
      let sum = own.novel[0] <= chance ? own.novel[0] : 0;
      for (let slot = 0; slot < words.size[0]; slot++) if (own.chance[slot] <= chance) sum += own.chance[slot];
      return Math.min(1, sum);
    },
    /** Learns that the word of a slot came, a new one for -1. */
    learn(own: Own, slot: number): void {
      if (own.known[0] === 0) return;
      const rank = slot < 0 ? 0 : own.rank[slot];
      const hit = rank > 0 ? rank - 1 : ranks;
      const [first, at] = [own.firm[0] * line, (own.last[0] - 1) * line];
      const keep = 1 - 1 / memoryRows;
      for (let r = 0; r < line; r++) {
        own.hits[first + r] *= keep;
        if (own.last[0] > 0) own.after[at + r] *= keep;
      }
      own.hits[first + hit]++;
      if (own.last[0] > 0) own.after[at + hit]++;
      if (own.last[0] === 0) return;
      const [p, q] =
        slot < 0 ? [own.novelByRank[0], own.novelBySuccessor[0]] : [own.byRank[slot], own.bySuccessor[slot]];
      const odds = oddsKept * own.odds[own.last[0] - 1] + kernels.log(Math.max(p, 1e-9) / Math.max(q, 1e-9));
      own.odds[own.last[0] - 1] = Math.max(-oddsMax, Math.min(oddsMax, odds));
      if (slot >= 0 && followed(own, slot) > 0) return;
      for (let k = 0; k < 2; k++) own.kinds[k] *= keep;
      own.kinds[slot < 0 ? 1 : 0]++;
    },
    /** Counts the word of a slot at row t: it is the last one now. `learn` false: not as one that followed another. */
    count(own: Own, words: DictionaryState, slot: number, t: number, learn = true): void {
      if (learn && own.last[0] > 0) follow(own, slot);
      own.last[0] = slot + 1;
      words.count[slot] = words.count[slot] * fade(t - words.seen[slot]) + 1;
      words.seen[slot] = t;
    },
    /** The distribution of what follows row t, from candidates with the likeliest first, so many of them firm. */
    spread(own: Own, words: DictionaryState, candidates: readonly number[], firm: number, t: number): void {
      if (own.last[0] === 0) return;
      const listed = candidates.slice(0, ranks);
      own.rank.fill(0);
      for (const [r, slot] of listed.entries()) own.rank[slot] = r + 1;
      own.firm[0] = Math.min(firm, crowds - 1);
      worth(own, listed.length);
      tellSuccessors(own, words, t);
      // What candidates leave is for the others, as successors go.
      let left = own.novelBySuccessor[0];
      for (let slot = 0; slot < words.size[0]; slot++) if (own.rank[slot] === 0) left += own.bySuccessor[slot];
      const missing = share[ranks] / left;
      own.novelByRank[0] = missing * own.novelBySuccessor[0];
      const trust = 1 / (1 + kernels.exp(-own.odds[own.last[0] - 1]));
      own.novel[0] = trust * own.novelByRank[0] + (1 - trust) * own.novelBySuccessor[0];
      for (let slot = 0; slot < words.size[0]; slot++) {
        const rank = own.rank[slot];
        own.byRank[slot] = rank > 0 ? share[rank - 1] : missing * own.bySuccessor[slot];
        own.chance[slot] = trust * own.byRank[slot] + (1 - trust) * own.bySuccessor[slot];
      }
      own.known[0] = 1;
    },
    /** The likeliest words of the distribution, the likeliest first. */
    tell(own: Own, words: DictionaryState): LikelyWord[] {
      if (own.known[0] === 0) return [];
      const best: number[] = [];
      for (let slot = 0; slot < words.size[0]; slot++) {
        const chance = own.chance[slot];
        if (chance < leastTold) continue;
        let at = best.length;
        while (at > 0 && before(words, own.chance, slot, best[at - 1])) at--;
        if (at < told) best.splice(at, 0, slot);
        if (best.length > told) best.pop();
      }
      return best.map((slot) => ({ word: dictionary.read(words, slot), probability: own.chance[slot] }));
    },
  };
}

const weightOf = (words: DictionaryState, slot: number, t: number): number =>
  words.count[slot] * fade(t - words.seen[slot]);

/** What is left of a count after so many rows. */
const fade = (rows: number): number => memoryRows / (memoryRows + rows);

/** Whether a slot is told before another: the likelier, then the one seen last. */
const before = (words: DictionaryState, chance: ArrayLike<number>, a: number, b: number): boolean =>
  chance[a] !== chance[b] ? chance[a] > chance[b] : words.seen[a] > words.seen[b];
