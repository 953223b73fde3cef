import type { Element } from './sequence-log.js';

/** What is put to the test: shown one code, it says which codes it expects next, the likeliest first. */
export interface SequencePredictor {
  /** At most `most` codes; `learn` false: it only follows. */
  next(code: number, most: number, learn: boolean): readonly number[];
}

/** Whether each scored element was foreseen, with its place in the log. */
export interface Hits {
  readonly at: readonly number[];
  readonly hit: readonly boolean[];
}

export interface FollowOptions {
  /** Codes it may name: 1 unless there are several endings. */
  readonly most?: number;
  /** From this element on nothing is learned; `before` is called there. */
  readonly freezeAt?: number;
  readonly onFreeze?: () => void;
}

/** Shows a log to a predictor, and notes which endings it foresaw. */
export function followSequences(
  log: readonly Element[],
  predictor: SequencePredictor,
  { most = 1, freezeAt = log.length, onFreeze }: FollowOptions = {},
): Hits {
  const at: number[] = [];
  const hit: boolean[] = [];
  let expected: readonly number[] = [];
  log.forEach(({ code, scored }, i) => {
    if (scored) {
      at.push(i);
      hit.push(expected.includes(code));
    }
    if (i === freezeAt) onFreeze?.();
    // Only the end of a sequence is judged: nobody need rank codes elsewhere.
    expected = predictor.next(code, log[i + 1]?.scored ? most : 0, i < freezeAt);
  });
  return { at, hit };
}

/** Scored sequences of the moving mean. */
const windowed = 100;

/** Mean of the last hundred scored up to an element. */
export function accuracyAt({ at, hit }: Hits, element: number): number {
  let end = at.length;
  while (end > 0 && at[end - 1] >= element) end--;
  const recent = hit.slice(Math.max(0, end - windowed), end);
  return recent.filter(Boolean).length / Math.max(1, recent.length);
}

/** Elements from `from` on until the moving mean over a hundred scored sequences is at `level`; NaN if never. */
export function elementsUntil({ at, hit }: Hits, level: number, from = 0): number {
  let right = 0;
  for (let i = 0; i < hit.length; i++) {
    right += Number(hit[i]) - (i >= windowed ? Number(hit[i - windowed]) : 0);
    if (at[i] >= from && i >= windowed - 1 && right / windowed >= level) return at[i] - from + 1;
  }
  return Number.NaN;
}

/** Elements after the change until it was seen, by a mean below `level`, and then made good. */
export function elementsToRelearn(hits: Hits, level: number, changeAt: number): number {
  const { at, hit } = hits;
  let fell = false;
  let right = 0;
  for (let i = 0; i < hit.length; i++) {
    right += Number(hit[i]) - (i >= windowed ? Number(hit[i - windowed]) : 0);
    if (at[i] < changeAt || i < windowed - 1) continue;
    fell ||= right / windowed < level;
    if (fell && right / windowed >= level) return at[i] - changeAt + 1;
  }
  return fell ? Number.NaN : 0;
}

/** Sequences up to the last one that was not foreseen. */
export function sequencesUntilPerfect({ hit }: Hits): number {
  return hit.lastIndexOf(false) + 1;
}
