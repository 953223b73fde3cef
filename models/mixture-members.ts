/**
 * The parts in the order of their forecasts: the last value; for each of three seasonal profiles (short period, long
 * period, long period over more cycles) autoregression, median, level and last cycle; lags; resonators; neighbours of the
 * values and of the standardised residuals.
 */
export const members = [
  'last',
  ...['sar-short', 'median-short', 'level-short', 'naive-short'],
  ...['sar-long', 'median-long', 'level-long', 'sar-fast', 'sar-swift', 'naive-long'],
  ...['sar-wide', 'median-wide', 'level-wide'],
  ...['lags', 'lags-swift', 'resonator'],
  ...['knn-level', 'knn', 'residual-knn-level', 'residual-knn', 'knn-residual'],
] as const;

/** Where the forecasts of a part begin among them. */
export const firstOf = {
  short: members.indexOf('sar-short'),
  long: members.indexOf('sar-long'),
  swift: members.indexOf('sar-swift'),
  wide: members.indexOf('sar-wide'),
  lags: members.indexOf('lags'),
  resonator: members.indexOf('resonator'),
  knn: members.indexOf('knn-level'),
  residual: members.indexOf('residual-knn-level'),
  lagsSwift: members.indexOf('lags-swift'),
} as const;

/** Ways of weighing the members: by regret alone, times recent accuracy, times its square, by young regret, by fixed share. */
export const ways = ['regret', 'sharp', 'sharpest', 'young', 'shared'] as const;
export const sharpAt = ways.indexOf('sharp');
export const youngAt = ways.indexOf('young');

/** The parts that start anew with new periods. */
export const seasonal = ['short', 'long', 'wide', 'resonator'] as const;
