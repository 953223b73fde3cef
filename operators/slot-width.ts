import { f64, type Row, u32 } from '../state/layout.js';

/** Gaps of which the median is taken, anew whenever so many have come. */
const gapsKept = 255;
/** The width stays until the usual gap has left it by this factor: every change begins the comparison of slots anew. */
const apart = 2;

/** The newest gaps between rows of one key, of any key of a shard, and the width that was made of them. */
export const slotWidthLayout = { gaps: f64(gapsKept), count: u32(), widthMs: f64() };
export type SlotWidth = Row<typeof slotWidthLayout>;

/**
 * Takes the gap before a row of some key, 0 where there was none; true when the width has changed. The width is the
 * median gap, so outages and pauses by night do not count, and a regular log has exactly one row of each key in a slot.
 */
export function noteGap({ gaps, count, widthMs }: SlotWidth, gapMs: number): boolean {
  if (!(gapMs > 0)) return false;
  gaps[count[0]++] = gapMs;
  if (count[0] < gapsKept) return false;
  count[0] = 0;
  const median = Float64Array.from(gaps).sort()[gapsKept >> 1];
  if (widthMs[0] > 0 && median < apart * widthMs[0] && widthMs[0] < apart * median) return false;
  widthMs[0] = median;
  return true;
}
