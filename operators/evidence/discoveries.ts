import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';

/** Discoveries that are remembered: what is older adds next to nothing. */
const remembered = 32;

/** State of all tests of a shard in the order of its log: how many, and at which of them the last discoveries were. */
export const discoveriesLayout = { tests: f64(), at: f64(remembered), count: u32() };
export type Discoveries = Row<typeof discoveriesLayout>;

/** Tests after which discoveries fade. */
const windowTests = 100_000;
const fading = 1 - 1 / windowTests;
/** Weight that the sequence of shares has in all: it sums to one. */
const unit = 0.0722;

/** Share of the budget that a test so many tests after a discovery gets (LORD++, Javanmard and Montanari 2018). */
function shareAfter(tests: number): number {
  const log = kernels.log(Math.max(2, tests));
  return (unit * log) / (tests * kernels.exp(Math.sqrt(log)));
}

/**
 * The level of the next test so that at most a share `target` of discoveries is false: each discovery earns the tests after
 * it a budget, and a floor is never undercut, so a long quiet time does not end all testing (DecayLORD: Rebjock, Kurt,
 * Januschowski and Callot 2021, Online false discovery rate control for anomaly detection in time series).
 */
export function levelOf({ tests, at, count }: Discoveries, target: number): number {
  const now = tests[0] + 1;
  let level = target * Math.max(shareAfter(now), 1 / windowTests);
  for (let i = 0; i < Math.min(count[0], remembered); i++) {
    const since = now - at[i];
    level += target * kernels.pow(fading, since) * shareAfter(since);
  }
  return level;
}

export function discover(own: Discoveries): void {
  own.at[own.count[0]++ % remembered] = own.tests[0];
}
