import { kernels } from '../../models/kernels/index.js';
import { type Field, f64, type Row } from '../../state/layout.js';

/** Levels at which shares are held against what really came. */
export interface Rungs {
  readonly count: number;
  /** The first level; each other is a third of the one before. */
  readonly highest: number;
  /** Share of rows that is believed to reach the first level. */
  readonly reach: number;
  /** Of the events at each level, the share that is believed to go on to the next; the last of these is that of all further levels. */
  readonly goOn: readonly [number, ...number[]];
  /** How many events that belief is worth. */
  readonly belief: number;
  /** Rows after which what came is forgotten. */
  readonly memoryRows: number;
}

const step = 3;

/** How often which share really came: events at or below each rung, and the rows in which they were. */
export const ladderLayout = ({ count }: Rungs): Record<'events' | 'rows', Field<'f64'>> => ({
  events: f64(count),
  rows: f64(),
});
export type Ladder = Row<ReturnType<typeof ladderLayout>>;

/**
 * A share that was worked out, as the share it really is. How many go on from rung to rung is a beta posterior (a Pólya
 * tree), so a share is corrected where there is experience and left as it is believed to be where there is none.
 */
export function recalibrate({ events, rows }: Ladder, share: number, rungs: Rungs): number {
  const { count, highest, reach, goOn, belief } = rungs;
  const first = (reach * (goOn[0] * belief + events[0])) / (goOn[0] * belief + rows[0] * reach);
  if (share >= highest) {
    // Between the first rung and 1 straight on, in logarithms.
    return share >= 1 ? 1 : kernels.exp((kernels.log(share) * kernels.log(first)) / kernels.log(highest));
  }
  let real = first;
  let rung = highest;
  for (let i = 0; i < count - 1; i++, rung /= step) {
    const believed = goOn[Math.min(i, goOn.length - 1)];
    const further = (belief * believed + events[i + 1]) / (belief + events[i]);
    if (share > rung / step) return real * kernels.pow(further, kernels.log(rung / share) / kernels.log(step));
    real *= further;
  }
  return (real * share) / rung;
}

/** Counts a row with an event of this share in it, 1 for none. */
export function learnLadder(own: Ladder, share: number, { count, highest, memoryRows }: Rungs, weight = 1): void {
  const keep = 1 - 1 / memoryRows;
  own.rows[0] = keep * own.rows[0] + weight;
  for (let i = 0, rung = highest; i < count; i++, rung /= step) {
    own.events[i] = keep * own.events[i] + (share <= rung ? weight : 0);
  }
}
