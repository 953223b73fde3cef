import { kernels } from '../models/kernels/index.js';
import { f64, type Row } from '../state/layout.js';

/** Pairs of losses before the first bet: until then differences have no known size. */
const pairsBefore = 20;
/** A difference counts as at most this many mean losses, which is where a bet calls it 1. */
const clipLosses = 4;
/** The most of the capital that is staked. */
const stakeMax = 0.5;
/** Squares that the variance of differences begins with. */
const priorSquares = 1;

/** Capital of a bettor against one null hypothesis, as a logarithm, and what the stakes follow from. */
export const betLayout = { logCapital: f64(), pairs: f64(), meanLoss: f64(), sum: f64(), square: f64() };
export type Bet = Row<typeof betLayout>;

/**
 * Bets that the shadow loses less than who is in charge, one pair of losses after the other, and returns the logarithm of
 * the capital. With d = clip((own - shadow)/4s, 1), s the mean loss before, and a stake f in [0, 1/2] that follows from
 * earlier d alone, the capital K <- K (1 + f d) is a supermartingale as long as the shadow is never expected to do
 * better (E d <= 0 given the past). So it reaches 1/alpha with probability at most alpha, however long one looks and
 * whenever one stops (Ville's inequality). Losses must be of the next row: for longer horizons forecasts overlap.
 * (Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting; Choe and Ramdas, Comparing
 * sequential forecasters.) Losses are at least 0 and finite; others are passed over.
 */
export function placeBet(bet: Bet, ownLoss: number, shadowLoss: number): number {
  if (!(ownLoss >= 0 && shadowLoss >= 0 && Number.isFinite(ownLoss + shadowLoss))) return bet.logCapital[0];
  const unit = clipLosses * bet.meanLoss[0];
  if (bet.pairs[0] >= pairsBefore && unit > 0) {
    const gain = Math.max(-1, Math.min(1, (ownLoss - shadowLoss) / unit));
    const stake = bet.sum[0] > 0 ? Math.min(stakeMax, bet.sum[0] / (bet.square[0] + priorSquares)) : 0;
    bet.logCapital[0] += kernels.log(1 + stake * gain);
    bet.sum[0] += gain;
    bet.square[0] += gain * gain;
  }
  const pairs = ++bet.pairs[0];
  bet.meanLoss[0] += Math.max(1 / pairs, 0.001) * (0.5 * (ownLoss + shadowLoss) - bet.meanLoss[0]);
  return bet.logCapital[0];
}

/** The bettor begins again with a capital of 1. */
export function resetBet(bet: Bet): void {
  for (const field of Object.values(bet)) field.fill(0);
}
