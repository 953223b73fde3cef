import { type Field, f64, type Row, u32 } from '../../state/layout.js';

/** The last numbers of a channel, in a ring. */
export const recentLayout = (rows: number): { ring: Field<'f64'>; count: Field<'u32'> } => ({
  ring: f64(rows),
  count: u32(),
});
export type Recent = Row<ReturnType<typeof recentLayout>>;

export function push({ ring, count }: Recent, x: number): void {
  ring[count[0] % ring.length] = x;
  count[0]++;
}

/** The number that came so many before the newest. */
export const nth = ({ ring, count }: Recent, back: number): number =>
  ring[(count[0] - 1 - back + ring.length * 2) % ring.length];

export const newest = (own: Recent): number => nth(own, 0);

/** Mean of the last `rows` numbers, NaN until there are so many; summed anew, so that no rounding piles up. */
export function meanOf({ ring, count }: Recent, rows: number): number {
  if (count[0] < rows) return Number.NaN;
  let sum = 0;
  let at = count[0] % ring.length;
  for (let i = 0; i < rows; i++) {
    at = at === 0 ? ring.length - 1 : at - 1;
    sum += ring[at];
  }
  return sum / rows;
}

/** Lowest of the last `rows` numbers, NaN until there are so many. */
export function lowestOf({ ring, count }: Recent, rows: number): number {
  if (count[0] < rows) return Number.NaN;
  let lowest = Number.POSITIVE_INFINITY;
  let at = count[0] % ring.length;
  for (let i = 0; i < rows; i++) {
    at = at === 0 ? ring.length - 1 : at - 1;
    if (ring[at] < lowest) lowest = ring[at];
  }
  return lowest;
}

/** Highest of the last `rows` numbers, NaN until there are so many. */
export function highestOf({ ring, count }: Recent, rows: number): number {
  if (count[0] < rows) return Number.NaN;
  let highest = Number.NEGATIVE_INFINITY;
  let at = count[0] % ring.length;
  for (let i = 0; i < rows; i++) {
    at = at === 0 ? ring.length - 1 : at - 1;
    if (ring[at] > highest) highest = ring[at];
  }
  return highest;
}

/** Standard deviation of the last `rows` numbers, NaN until there are so many. */
export function deviationOf(own: Recent, rows: number): number {
  const mean = meanOf(own, rows);
  const { ring, count } = own;
  let sum = 0;
  let at = count[0] % ring.length;
  for (let i = 0; i < rows; i++) {
    at = at === 0 ? ring.length - 1 : at - 1;
    sum += (ring[at] - mean) * (ring[at] - mean);
  }
  return Math.sqrt(sum / rows);
}
