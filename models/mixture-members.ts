/**
 * The parts in the order of their forecasts: the last value; for each of three seasonal profiles (short period, long
 * period, long period over more cycles) autoregression, median, level and last cycle; lags; resonators; a reservoir;
 * neighbours of the values and of the standardised residuals.
 */
export const members = [
  'last',
  ...['sar-short', 'median-short', 'level-short', 'naive-short'],
  ...['sar-long', 'median-long', 'level-long', 'sar-fast', 'sar-swift', 'naive-long'],
  ...['sar-wide', 'median-wide', 'level-wide'],
  ...['lags', 'lags-swift', 'resonator', 'echo-state'],
  ...['knn-level', 'knn', 'residual-knn-level', 'residual-knn', 'knn-residual'],
] as const;

/** What a whole memory is called that takes part as one member more, behind the others. */
export const guestMember = 'htm';

/** Where the forecasts of a part begin among them. */
export const firstOf = {
  short: members.indexOf('sar-short'),
  long: members.indexOf('sar-long'),
  swift: members.indexOf('sar-swift'),
  wide: members.indexOf('sar-wide'),
  lags: members.indexOf('lags'),
  resonator: members.indexOf('resonator'),
  echo: members.indexOf('echo-state'),
  knn: members.indexOf('knn-level'),
  residual: members.indexOf('residual-knn-level'),
  lagsSwift: members.indexOf('lags-swift'),
} as const;

/** Ways of weighing the members: by regret alone, times recent accuracy, times its square, by young regret, by fixed share. */
const weighings = ['regret', 'sharp', 'sharpest', 'young', 'shared'] as const;

/** What is mixed in the end: the members weighed in each way, and what `sharp` says mended by its errors (mending.ts). */
export const ways = [...weighings, 'mended'] as const;
export const sharpAt = ways.indexOf('sharp');
export const youngAt = ways.indexOf('young');
export const sharedAt = ways.indexOf('shared');
export const mendedAt = ways.indexOf('mended');

/** The parts that start anew with new periods, and go through the past again. */
export const seasonal = ['short', 'long', 'wide', 'resonator', 'echo'] as const;
