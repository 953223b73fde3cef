import { kernels } from '../../models/kernels/index.js';
import { f64, type Row } from '../../state/layout.js';

/** Alarms that were granted and are not spent yet. */
export const spendingLayout = { saved: f64() };
export type Spending = Row<typeof spendingLayout>;

const savedMax = 1;

/**
 * The level at which the rank of one row alone is an alarm, of which at most so much is spent in sum as was granted, whatever comes.
 * Of n rows the strangest has a rank below 1/n, and no level below that tells it surely: spent row by row, young keys would alarm by
 * luck and miss what is plain. So grants are saved until they pay for telling every row that is stranger than all before, from now until
 * the grants alone do: the sum of 1/m - grant for m from n to 1/grant, which is x - 1 - ln x with x = n grant. A new key begins
 * with it at x = 1/e, that is after 0.37 / grant rows.
 */
export function spend({ saved }: Spending, grant: number, rows: number, bar: number): number {
  saved[0] = Math.min(savedMax, saved[0] + grant);
  if (!(grant > 0)) return 0;
  const x = rows * grant;
  const wanted = x >= 1 ? grant : saved[0] >= x - 1 - kernels.log(x) ? 1 / rows : 0;
  const level = Math.min(saved[0], wanted) / bar;
  saved[0] -= level;
  return level;
}

/**
 * Rows until one can be an alarm by its rank alone, itself the last of them, while every row grants as much as now; `rows` and what
 * is saved are of the row before.
 */
export function rowsUntilSpent(saved: number, grant: number, rows: number): number {
  if (!(grant > 0)) return Number.POSITIVE_INFINITY;
  const pays = (after: number): boolean => {
    const x = (rows + after) * grant;
    return x >= 1 || Math.min(savedMax, saved + after * grant) >= x - 1 - kernels.log(x);
  };
  // What is saved grows and what is wanted shrinks, so the first such row is found by halving.
  let [below, at] = [0, Math.max(1, Math.ceil(1 / grant) - rows)];
  while (at - below > 1) {
    const middle = Math.floor((below + at) / 2);
    if (pays(middle)) at = middle;
    else below = middle;
  }
  return at;
}
