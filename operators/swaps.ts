import { type Bundle, StateMismatch } from '../state/arrow.js';
import { checkNames, checkNumber, checkWord, shown } from './options.js';
import { numbers } from './scores.js';

/** Who may be in charge, in the order of every list of two. */
export const roles = ['champion', 'challenger'] as const;
export type Role = (typeof roles)[number];

/** Named swaps that one shard may have. */
export const swapsMax = 64;

/** From the row at offset `at` on, `to` is in charge. */
export interface Swap {
  readonly at: number;
  readonly to: Role;
  /** The shard whose offsets are meant, such as one partition; every one when absent. */
  readonly shard?: string;
}

/** What a state remembers of the swaps behind it: one above the highest offset seen, and the swaps up to there. */
interface Passed {
  readonly reached: Float64Array;
  readonly passed: Uint32Array;
  readonly passedAt: Float64Array;
  readonly passedTo: Uint8Array;
}

/** Throws a RangeError unless offsets ascend in every shard and every swap changes who is in charge. */
export function checkSwaps(swaps: readonly Swap[]): void {
  for (const [i, swap] of swaps.entries()) {
    checkNames(`challenge.swaps[${i}]`, swap, ['at', 'to', 'shard']);
    checkNumber(`challenge.swaps[${i}].at`, swap.at, { min: 0, whole: true });
    checkWord(`challenge.swaps[${i}].to`, swap.to, roles);
  }
  for (const shard of new Set(swaps.flatMap((swap) => swap.shard ?? []))) checkOrder(swapsOf(swaps, shard));
  checkOrder(swaps.filter((swap) => swap.shard === undefined));
}

function checkOrder(swaps: readonly Swap[]): void {
  if (swaps.length > swapsMax) {
    throw new RangeError(`challenge.swaps: expected at most ${swapsMax} for one shard, got ${swaps.length}`);
  }
  for (const [i, { at, to }] of swaps.entries()) {
    const before = swaps[i - 1];
    if (before && before.at >= at) {
      throw new RangeError(`challenge.swaps: expected ascending offsets, got ${at} after ${before.at}`);
    }
    if ((before?.to ?? roles[0]) === to) {
      throw new RangeError(
        `challenge.swaps: expected the one who is not in charge at offset ${at}, got ${shown(to)}: leave this swap out`,
      );
    }
  }
}

/** The swaps of one shard. */
export const swapsOf = (swaps: readonly Swap[], shard: string): readonly Swap[] =>
  swaps.filter((swap) => swap.shard === undefined || swap.shard === shard);

/** Remembers that a row was seen, and the swaps up to it. */
export function pass({ reached, passed, passedAt, passedTo }: Passed, swaps: readonly Swap[], offset: number): void {
  if (offset < reached[0]) return;
  reached[0] = offset + 1;
  for (let i = passed[0]; i < swaps.length && swaps[i].at <= offset; i++) {
    passedAt[i] = swaps[i].at;
    passedTo[i] = roles.indexOf(swaps[i].to);
    passed[0] = i + 1;
  }
}

/** The swaps behind a saved state, in words. */
export function passedSwaps({ shared }: Bundle): Swap[] {
  if (!shared) return [];
  const [count] = numbers(shared, 'passed');
  const [at, to] = [numbers(shared, 'passedAt'), numbers(shared, 'passedTo')];
  return at.slice(0, count).map((offset, i) => ({ at: offset, to: roles[to[i]] }));
}

/** Throws `StateMismatch` where the configuration says otherwise of the swaps that lie behind a saved state. */
export function refuseOtherPast(saved: Bundle, swaps: readonly Swap[], shard: string): void {
  if (!saved.shared) return;
  const [reached] = numbers(saved.shared, 'reached');
  const words = (list: readonly Swap[]): string => list.map(({ at, to }) => `${to} at ${at}`).join(', ') || 'none';
  const expected = words(swaps.filter(({ at }) => at < reached));
  const found = words(passedSwaps(saved));
  if (expected === found) return;
  throw new StateMismatch(
    `step challenge, shard ${shard}: the swaps before offset ${reached}, which this state has passed, cannot be changed.\n` +
      `expected: ${expected}\nfound in the checkpoint: ${found}\n` +
      `Name the swaps that were made, and new ones from offset ${reached} on, or replay the log from its start (--fresh).`,
  );
}
