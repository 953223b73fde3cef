import { type Field, type Row, u32 } from '../../state/layout.js';

/** How often which place was seen; nothing is forgotten, as ranks among a past that fades are exact no more. */
export const ranksLayout = (places: number): Record<'rows' | 'tree', Field<'u32'>> => ({
  rows: u32(),
  /** Fenwick tree: each node has the sum of as many places before it as its lowest bit says. */
  tree: u32(places + 1),
});
export type Ranks = Row<ReturnType<typeof ranksLayout>>;

/**
 * The conformal p-value of a row at this place, 0 the strangest: (#stranger + u · #as strange) / n, the row itself among the n.
 * The row is counted. With u uniform on (0, 1) and new for every row, the p-values of an exchangeable sequence are independent
 * and uniform, whatever its distribution and however many places are alike (Vovk, Gammerman and Shafer, Algorithmic learning
 * in a random world): given which n rows there were, each is equally likely to be the last.
 */
export function rank(own: Ranks, place: number, u: number): number {
  const { tree } = own;
  own.rows[0]++;
  for (let node = place + 1; node < tree.length; node += node & -node) tree[node]++;
  const stranger = sumBefore(tree, place);
  return (stranger + u * (sumBefore(tree, place + 1) - stranger)) / own.rows[0];
}

/** How many rows were at a place from the first to before the second. */
export const countBetween = ({ tree }: Ranks, from: number, to: number): number =>
  sumBefore(tree, to) - sumBefore(tree, from);

/** Begins the counts anew. */
export function forgetRanks(own: Ranks): void {
  own.rows.fill(0);
  own.tree.fill(0);
}

function sumBefore(tree: Uint32Array, place: number): number {
  let sum = 0;
  for (let node = place; node > 0; node -= node & -node) sum += tree[node];
  return sum;
}
