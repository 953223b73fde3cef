import { type Field, f64, type Row, u32 } from '../../state/layout.js';

/** The last numbers of a channel, in a ring. */
export const recentLayout = (rows: number): { ring: Field<'f64'>; count: Field<'u32'> } => ({
  ring: f64(rows),
  count: u32(),
});
export type Recent = Row<ReturnType<typeof recentLayout>>;

/** Mean of the last numbers with this one, NaN until there are enough; summed anew, so that no rounding piles up. */
export function recentMean({ ring, count }: Recent, x: number): number {
  ring[count[0] % ring.length] = x;
  count[0]++;
  if (count[0] < ring.length) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < ring.length; i++) sum += ring[i];
  return sum / ring.length;
}
