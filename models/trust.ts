import { f64, type Row } from '../state/layout.js';

/**
 * How far to follow a correction, per horizon: the regression of what was left over on what was said, between 0 and 1, over
 * the last 1/(1 - forget) rows. It begins at `first` with the weight of `doubt` squares.
 */
export function trustOf(horizons: number, forget: number, first: number, doubt: number) {
  const layout = { cross: f64(horizons), square: f64(horizons) };
  type Own = Row<typeof layout>;
  return {
    layout,
    start(own: Own): void {
      own.cross.fill(first * doubt);
      own.square.fill(doubt);
    },
    learn(own: Own, i: number, left: number, said: number): void {
      own.cross[i] = forget * own.cross[i] + left * said;
      own.square[i] = forget * own.square[i] + said * said;
    },
    of: (own: Own, i: number): number => Math.max(0, Math.min(1, own.cross[i] / (own.square[i] + 1e-12))),
  };
}
