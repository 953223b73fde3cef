import type { Window } from './data/nab.js';

/** Alarms at most this many rows apart are told as one episode. */
const gapRows = 10;

const dayMs = 86_400_000;

/** One series with its alarms and the windows in which an alarm is right. */
export interface AlarmedSeries {
  readonly alarms: ArrayLike<boolean | number>;
  readonly windows: readonly Window[];
  readonly times: ArrayLike<number>;
  /** Rows before this one count for nothing. */
  readonly from: number;
}

/** A series with its rows and windows, as what its alarms are scored by. */
export const alarmedSeries = (
  rows: readonly { readonly timeMs: number }[],
  windows: readonly Window[],
  alarms: ArrayLike<boolean | number>,
  from: number,
): AlarmedSeries => ({ alarms, windows, times: rows.map(({ timeMs }) => timeMs), from });

/** How a stream of alarms serves the person who gets it. */
export interface EpisodeScore {
  /** Share of windows with at least one alarm. */
  readonly episode_recall: number;
  /** Share of episodes that touch a window. */
  readonly episode_precision: number;
  /** Median rows from the start of a found window to its first alarm. */
  readonly delay_rows: number;
  readonly false_per_day: number;
}

/** Alarms of many series as episodes: found windows, false ones, and how late. */
export function episodeScore(series: readonly AlarmedSeries[]): EpisodeScore {
  let windowCount = 0;
  let episodes = 0;
  let right = 0;
  let days = 0;
  const delays: number[] = [];
  for (const { alarms, windows, times, from } of series) {
    windowCount += windows.length;
    const made = episodesOf(alarms, from);
    episodes += made.length;
    right += made.filter(([first, last]) => windows.some((window) => first <= window[1] && last >= window[0])).length;
    for (const [first, last] of windows) {
      for (let row = Math.max(first, from); row <= last; row++) {
        if (!alarms[row]) continue;
        delays.push(row - first);
        break;
      }
    }
    if (times.length > from) days += Math.max(0, times[times.length - 1] - times[from]) / dayMs;
  }
  return {
    episode_recall: windowCount === 0 ? 0 : delays.length / windowCount,
    episode_precision: episodes === 0 ? 0 : right / episodes,
    delay_rows: medianOf(delays),
    false_per_day: days === 0 ? 0 : (episodes - right) / days,
  };
}

/** First and last alarm of each episode. */
function episodesOf(alarms: ArrayLike<boolean | number>, from: number): [number, number][] {
  const episodes: [number, number][] = [];
  for (let row = from; row < alarms.length; row++) {
    if (!alarms[row]) continue;
    const open = episodes.at(-1);
    if (open && row - open[1] <= gapRows) open[1] = row;
    else episodes.push([row, row]);
  }
  return episodes;
}

export function medianOf(values: number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
