import { f32, f64, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';

/** Gradients longer than this are cut to it. */
const normMax = 1;
const floor = 1e-6;

/** Adam on a field of f32 weights, with gradients of bounded length; a gradient that is no number teaches nothing. */
export function adamOf(weights: number, rate: number) {
  const layout = {
    first: f32(weights),
    second: f32(weights),
    /** Powers of the two forgettings, by which the zeros that the moments began with are made up for. */
    powers: f64(2),
  };
  type Own = Row<typeof layout>;
  return {
    layout,
    start(own: Own): void {
      own.powers.fill(1);
    },
    /** Moves weights at an address against a gradient at another, of which a share counts; its squares, if they are known. */
    step(own: Own, weight: number, gradient: number, share = 1, squares = kernels.squares(gradient, weights)): void {
      const square = share * share * squares;
      if (!(square > 0 && square < 1e30)) return;
      own.powers[0] *= 0.9;
      own.powers[1] *= 0.999;
      const length = Math.sqrt(square);
      const factor = length > normMax ? (share * normMax) / length : share;
      const unbiased = Math.sqrt(1 - own.powers[1]);
      const pace = (rate * unbiased) / (1 - own.powers[0]);
      const { first, second } = own;
      kernels.adam(weight, first.byteOffset, second.byteOffset, gradient, weights, factor, pace, floor * unbiased);
    },
  };
}
