import type { Window } from './data/nab.js';

/** One file to be judged: a score per row, higher is stranger, and the windows in which an anomaly counts as found. */
export interface ScoredFile {
  readonly name: string;
  readonly scores: Float64Array;
  readonly windows: readonly Window[];
}

/** What a found window, a missed one and a false row are worth. */
export interface Profile {
  readonly name: string;
  readonly tp: number;
  readonly fn: number;
  readonly fp: number;
}

export const profiles: readonly Profile[] = [
  { name: 'standard', tp: 1, fn: 1, fp: 0.11 },
  { name: 'reward_low_fp', tp: 1, fn: 1, fp: 0.22 },
  { name: 'reward_low_fn', tp: 1, fn: 2, fp: 0.11 },
];

/** The result under one profile, with the threshold that all files shared. */
export interface NabScore {
  readonly profile: string;
  readonly score: number;
  /** Rows with at least this score were detections; Infinity means none. */
  readonly threshold: number;
}

/** Rows at the start of a file that count for nothing. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750);
}

const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);
const sigmoidMax = sigmoid(-1);

/** Every row after probation: what it is worth as a detection, before the weights of a profile. */
interface Judged {
  /** Index of the row's window over all files, −1 outside. */
  readonly window: Int32Array;
  readonly worth: Float64Array;
  readonly file: Int32Array;
  readonly scores: Float64Array;
  readonly windowCount: number;
  readonly windowsOf: readonly number[];
}

/** The score under each profile, with the one threshold for all files that serves the profile best on these labels. */
export function nabSweep(files: readonly ScoredFile[]): NabScore[] {
  const judged = judge(files);
  const swept = sweep(judged, fallingOrder(judged), -1);
  return profiles.map((profile, at) => {
    const best = swept[at];
    return {
      profile: profile.name,
      score: normalise(best.total, judged.windowCount, profile),
      threshold: best.threshold,
    };
  });
}

/** The score when each file is judged at the threshold that serves the other files best. */
export function nabLeaveOneOut(files: readonly ScoredFile[]): { profile: string; score: number }[] {
  const judged = judge(files);
  const order = fallingOrder(judged);
  const totals = profiles.map(() => 0);
  files.forEach((file, at) => {
    const alone = judge([file]);
    sweep(judged, order, at).forEach(({ threshold }, p) => {
      totals[p] += total(alone, threshold, profiles[p]);
    });
  });
  return profiles.map((profile, p) => ({
    profile: profile.name,
    score: normalise(totals[p], judged.windowCount, profile),
  }));
}

/** The score of a detector that decides by itself: every row that is marked is a detection. */
export function nabAlarms(files: readonly ScoredFile[]): { profile: string; score: number }[] {
  const judged = judge(files);
  return profiles.map((profile) => ({
    profile: profile.name,
    score: normalise(total(judged, 0.5, profile), judged.windowCount, profile),
  }));
}

/** 0 for a detector that never speaks, 100 for one that marks the first row of each window and nothing else. */
function normalise(raw: number, windows: number, { tp, fn }: Profile): number {
  return (100 * (raw + windows * fn)) / (windows * (tp + fn));
}

function judge(files: readonly ScoredFile[]): Judged {
  const kept = files.reduce((sum, { scores }) => sum + scores.length - probationRows(scores.length), 0);
  const window = new Int32Array(kept).fill(-1);
  const worth = new Float64Array(kept);
  const file = new Int32Array(kept);
  const scores = new Float64Array(kept);
  let row = 0;
  let windowCount = 0;
  files.forEach(({ scores: own, windows, name }, f) => {
    let next = 0;
    for (let i = probationRows(own.length); i < own.length; i++, row++) {
      if (Number.isNaN(own[i])) throw new Error(`${name}, row ${i}: expected a score, came NaN`);
      while (next < windows.length && windows[next][1] < i) next++;
      const inside = next < windows.length && i >= windows[next][0];
      file[row] = f;
      scores[row] = own[i];
      if (inside) {
        const [first, last] = windows[next];
        window[row] = windowCount + next;
        worth[row] = sigmoid(-(last - i + 1) / (last - first + 1)) / sigmoidMax;
      } else if (next === 0) worth[row] = -1;
      else {
        const [first, last] = windows[next - 1];
        worth[row] = sigmoid((i - last) / (last - first));
      }
    }
    windowCount += windows.length;
  });
  return { window, worth, file, scores, windowCount, windowsOf: files.map(({ windows }) => windows.length) };
}

/** Rows by falling score. */
function fallingOrder({ scores }: Judged): Int32Array {
  return Int32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
}

/** The best threshold of each profile over every distinct score of all files but one (−1: all). */
function sweep(
  { window, worth, file, scores, windowCount, windowsOf }: Judged,
  order: Int32Array,
  leftOut: number,
): { threshold: number; total: number }[] {
  const count = windowCount - (windowsOf[leftOut] ?? 0);
  const best = profiles.map(({ fn }) => ({ threshold: Number.POSITIVE_INFINITY, total: -count * fn }));
  // A window is worth its best detection; −1 stands for none yet, since every detection inside is worth at least 0.
  const found = new Float64Array(windowCount).fill(-1);
  let foundCount = 0;
  let foundWorth = 0;
  let falseWorth = 0;
  for (let at = 0; at < order.length; at++) {
    const row = order[at];
    if (file[row] === leftOut) continue;
    const w = window[row];
    if (w < 0) falseWorth += worth[row];
    else if (found[w] < 0) {
      foundCount++;
      foundWorth += worth[row];
      found[w] = worth[row];
    } else if (worth[row] > found[w]) {
      foundWorth += worth[row] - found[w];
      found[w] = worth[row];
    }
    // Rows of one score are detections together; the next row of another score closes the group.
    let next = at + 1;
    while (next < order.length && file[order[next]] === leftOut) next++;
    if (next < order.length && scores[order[next]] === scores[row]) continue;
    for (let p = 0; p < profiles.length; p++) {
      const { tp, fn, fp } = profiles[p];
      const sum = tp * foundWorth - fn * (count - foundCount) + fp * falseWorth;
      if (sum > best[p].total) best[p] = { threshold: scores[row], total: sum };
    }
  }
  return best;
}

/** The raw score at one threshold. */
function total({ window, worth, scores, windowCount }: Judged, threshold: number, { tp, fn, fp }: Profile): number {
  const found = new Float64Array(windowCount).fill(-1);
  let falseWorth = 0;
  for (let row = 0; row < scores.length; row++) {
    if (scores[row] < threshold) continue;
    const w = window[row];
    if (w < 0) falseWorth += worth[row];
    else found[w] = Math.max(found[w], worth[row]);
  }
  return found.reduce((sum, value) => sum + (value < 0 ? -fn : tp * value), 0) + fp * falseWorth;
}
